"""Bad input and missing things: each one clear sentence and what to do."""
from checks import in_call, perceives
from person import Failed, Person, eventually, link

OLD = "() => { delete window.RTCRtpScriptTransform; }"


async def says(stage, kind, url, words, what, preload=(), join=False):
    """The page says it, all of it, and has no complaints."""
    person = Person(stage.browsers[kind], "Ada")
    if join:
        await person.join(url, preload, devices=False)
    else:
        await person.open(url, preload)
    for part in words:
        await person.reads(part)
    if complaints := await person.evaluate("complaints"):
        raise Failed(f"{what}: the page complains: {complaints}")
    stage.holds(f"{what}, {kind}: {' '.join(words)}")
    return person


async def bad_input(stage):
    """Links that are cut off or name a wrong relay, a relay that is not there, a browser that lacks what is needed."""
    cut_off = link(stage.page, stage.relay.url, "abc")
    plain = link(stage.page, "http://x", stage.invite)
    nowhere = link(stage.page, "wss://", stage.invite)
    nobody = link(stage.page, "ws://127.0.0.1:9", stage.invite)
    for kind in stage.kinds:
        for url, words, what, preload, join in [
            (cut_off, ["This invite link is not complete.", "Ask for the link again and copy all of it"],
             "malformed invite", (), False),
            (plain, ["The relay must be reached over an encrypted connection.", "wss://"], "bad relay", (), False),
            (nowhere, ["The relay's address in this link is not one.", "Ask for the link again"],
             "no relay", (), False),
            (nobody, ["The relay does not answer.", "then try again."], "unreachable relay", (), True),
            (stage.link, ["This browser cannot seal calls end to end.", "Open the link in a current Chromium"],
             "old browser", [OLD], False),
        ]:
            await (await says(stage, kind, url, words, what, preload, join)).close()


async def denied(stage):
    """Whoever denied camera and microphone is told, and can join all the same."""
    for kind in stage.kinds:
        words = ["The browser may not use your camera and microphone.", "Allow them in the address bar's site settings"]
        person = await says(stage, kind, stage.link, words, "denied")
        await person.click(".lobby-form .primary")

        async def check():
            in_call(await person.report(), person.name, 1)

        await eventually(check)
        await person.click(".leave")


async def bare(stage):
    """Without any camera and microphone one joins, hears and sees."""
    without, with_devices = stage.kinds
    listener = await says(
        stage, without, stage.link, ["No microphone was found.", "No camera was found.", "You can join and listen"],
        "no devices")
    await listener.click(".lobby-form .primary")
    await listener.reads("You are the only one here")
    speaker = await Person(stage.browsers[with_devices], "Grace").join(stage.link)

    async def check():
        report, other = await listener.report(), await speaker.report()
        in_call(report, listener.name, 2)
        in_call(other, speaker.name, 2)
        return perceives(report, listener.name, [other["member"]], None)

    stage.holds(f"without devices one hears and sees: {await eventually(check)}")
