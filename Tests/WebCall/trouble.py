"""What goes wrong, and what the page says and does then."""
import asyncio
import os
import subprocess

import relay_process
from checks import PEOPLE, all_perceive_all, in_call, perceives
from person import Failed, Person, eventually, link

# Stands between the page and its WebSocket: the room of the call, with another invite.
OTHER_ROOM = """() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    const message = JSON.parse(text);
    if (message.type === "join") {
      window.ownRoom = message.room;
      message.room = %r;
    }
    return send.call(this, JSON.stringify(message));
  };
  const {set} = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", {set(handler) {
    set.call(this, handler && (({data}) => handler({data: data.replaceAll(%r, window.ownRoom)})));
  }});
}"""


async def wrong_invite(stage):
    """Somebody who knows the room, as the relay does, but not the invite."""
    url = link(stage.page, stage.relay.url, stage.invite)
    browser = stage.browsers["chromium"]
    ada, grace = [await Person(browser, name).join(url) for name in PEOPLE[:2]]
    await all_perceive_all([ada, grace], anew=False)
    room = await ada.evaluate("sealedsfu.call.membership.keys.room")
    other = stage.invite[:-3] + ("AAA" if stage.invite[-3:-1] != "AA" else "BBA")
    mallory = Person(browser, "Mallory")
    await mallory.join(link(stage.page, stage.relay.url, other), preload=[OTHER_ROOM % (room, room)])
    await mallory.reads("Nobody here accepts this invite.")
    stage.holds("the page with the wrong invite says so")
    await ada.reads("Somebody without the invite is in the room.")
    stage.holds("the others are told")
    await asyncio.sleep(5)
    report = await mallory.report()
    opened = [view["opened"] for person in report["received"].values() for view in person.values()]
    decoded = [view["decoded"] for person in report["received"].values() for view in person.values()]
    if any(opened) or any(decoded):
        raise Failed(f"Mallory opened frames: {report['received']}")
    if any(person["holdsKey"] for person in report["people"] if not person["isSelf"]):
        raise Failed("Mallory shares a key with somebody")
    stage.holds(f"nothing of {len(opened)} tracks was opened or decoded")
    seen = {p["name"]: p["holdsKey"] for p in (await ada.report())["people"] if not p["isAuthentic"]}
    if list(seen.values()) != [False]:
        raise Failed(f"Ada sees {seen}")
    await mallory.close()


NO_CAPTURE = """() => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", %r); };
}"""
DENIED, NO_DEVICES = NO_CAPTURE % "NotAllowedError", NO_CAPTURE % "NotFoundError"
OLD = """() => { delete window.RTCRtpScriptTransform; }"""


async def troubles(stage):
    """Bad input and missing things: each one clear sentence and what to do."""
    browser = stage.browsers["chromium"]
    good = link(stage.page, stage.relay.url, stage.invite)

    async def says(url, words, what, preload=(), join=False):
        person = Person(browser, "Ada")
        if join:
            await person.join(url, preload, devices=False)
        else:
            await person.open(url, preload)
        for part in words:
            await person.reads(part)
        complaints = await person.evaluate("complaints")
        if complaints:
            raise Failed(f"{what}: the page complains: {complaints}")
        stage.holds(f"{what}: {words[0]}")
        return person

    cut_off = link(stage.page, stage.relay.url, "abc")
    plain = link(stage.page, "http://x", stage.invite)
    nobody = link(stage.page, "ws://127.0.0.1:9", stage.invite)
    await (await says(cut_off, ["This invite link is not complete.", "Ask for the link"], "malformed invite")).close()
    await (await says(plain, ["encrypted connection", "wss://"], "bad relay")).close()
    await (await says(nobody, ["The relay does not answer.", "try again"], "unreachable relay", join=True)).close()
    await (await says(good, ["This browser cannot seal calls", "current Chromium"], "old browser", [OLD])).close()
    await (await says(good, ["may not use your camera", "site settings"], "camera denied", [DENIED])).close()
    listener = await says(good, ["You are the only one here"], "no camera, no microphone", [NO_DEVICES], join=True)
    speaker = await Person(browser, "Grace").join(good)

    async def check():
        report, other = await listener.report(), await speaker.report()
        in_call(report, listener.name, 2)
        return perceives(report, listener.name, [other["member"]], None)

    stage.holds(f"without devices one hears and sees: {await eventually(check)}")


def block_udp(blocks):
    """Swallows every datagram of this network namespace, or lets them pass again; false outside of a namespace."""
    def rule(*arguments):
        return subprocess.run(["ip", "rule", *arguments], capture_output=True).returncode == 0

    if os.environ.get("WEBCALL_ISOLATED") != "yes":
        return False
    if not blocks:
        return rule("del", "pref", "5")
    # Local addresses are looked up before anything else unless their rule is moved.
    if rule("add", "pref", "10", "lookup", "local"):
        rule("del", "pref", "0")
    return rule("add", "pref", "5", "ipproto", "udp", "blackhole")


async def settled(people):
    """Signalling and media of all of them are back."""
    async def check():
        for person in people:
            if await person.evaluate("sealedsfu.call.state.isReconnecting"):
                raise Failed(f"{person.name} is still reconnecting")

    await eventually(check)


async def recovery(stage):
    """The WebSocket is cut, the relay stands still, is killed and started anew."""
    browser = stage.browsers["chromium"]
    async with relay_process.wire_to(stage.relay) as wire:
        ada = await Person(browser, "Ada").join(link(stage.page, wire.url, stage.invite))
        grace = await Person(browser, "Grace").join(link(stage.page, stage.relay.url, stage.invite))
        people = [ada, grace]
        reports, _ = await all_perceive_all(people, anew=False)
        member, epoch = reports[ada]["member"], reports[ada]["epoch"]

        wire.cut()
        await ada.reads("Reconnecting…")
        await grace.reads("Reconnecting…")
        await asyncio.sleep(5)
        wire.mend()
        await settled(people)
        reports, _ = await all_perceive_all(people)
        if reports[ada]["member"] != member or reports[ada]["epoch"] != epoch:
            raise Failed("a short cut of the WebSocket led to a new membership or a new key")
        stage.holds("WebSocket cut for 5 s: said so, resumed as the same member under the same key")

        stage.relay.freeze()
        await asyncio.sleep(6)
        stage.relay.thaw()
        await settled(people)
        await all_perceive_all(people)
        stage.holds("relay at a standstill for 6 s: all perceive each other again")

        if block_udp(True):
            await asyncio.sleep(5)
            await ada.reads("Reconnecting…")
            block_udp(False)
            await settled(people)
            reports, _ = await all_perceive_all(people)
            if reports[ada]["member"] != member or reports[ada]["epoch"] != epoch:
                raise Failed("5 s without UDP led to a new membership or a new key")
            stage.holds("UDP blocked for 5 s: said so, all perceive each other again, same member, same key")
        else:
            print(f"{stage.name:13} skipped: UDP cannot be blocked here", flush=True)

        await stage.relay.kill()
        await ada.reads("Reconnecting…")
        await asyncio.sleep(2)
        await stage.relay.start()
        reports, _ = await all_perceive_all(people)
        if reports[ada]["member"] == member:
            raise Failed("the member came back with an old bundle")
        stage.holds("relay killed and started anew: both are back as new members, with fresh keys")


async def reload(stage):
    """A reload is a leave and a join."""
    url = link(stage.page, stage.relay.url, stage.invite)
    browser = stage.browsers[stage.kinds[0]]
    ada, grace = [await Person(browser, name).join(url) for name in PEOPLE[:2]]
    reports, _ = await all_perceive_all([ada, grace], anew=False)
    before = reports[grace]
    number = await ada.evaluate(f"sealedsfu.call.safetyNumber({before['member']!r})")
    await grace.reload()
    reports, _ = await all_perceive_all([ada, grace])
    after = reports[grace]
    if after["member"] == before["member"] or after["joinIndex"] <= before["joinIndex"]:
        raise Failed(f"the join index was {before['joinIndex']} and is {after['joinIndex']}")
    if after["epoch"] <= before["epoch"]:
        raise Failed("no new epoch after the reload")
    if await ada.evaluate(f"sealedsfu.call.safetyNumber({after['member']!r})") != number:
        raise Failed("the identity did not survive the reload")
    stage.holds(
        f"after a reload: join index {before['joinIndex']} -> {after['joinIndex']}, epoch {before['epoch']} -> "
        f"{after['epoch']}, the same identity, and all perceive each other")
