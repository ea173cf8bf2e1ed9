"""People meet: see, hear, know and write to each other."""
import asyncio
import contextlib
import os
import re

from checks import PEOPLE, SUITE, all_perceive_all, clean, in_call
from page_server import ROOT
from person import Failed, Person, eventually, link


async def files(stage):
    """The page's own list of files names all of them, and nothing else."""
    with open(os.path.join(ROOT, "ui", "files.js"), encoding="utf8") as file:
        listed = set(re.findall(r'^  "(.+)",$', file.read(), re.MULTILINE))
    present = set()
    for folder, _, names in os.walk(ROOT):
        for name in names:
            if name.endswith((".js", ".css", ".html", ".wasm")):
                present.add(os.path.relpath(os.path.join(folder, name), ROOT))
    if listed != present:
        raise Failed(f"ui/files.js lacks {sorted(present - listed)} and names {sorted(listed - present)} too much")
    stage.holds(f"ui/files.js names all {len(present)} files")


async def pair(stage):
    """Two call, a third comes and goes."""
    url = link(stage.page, stage.relay.url, stage.invite)
    first, second = stage.kinds
    people = [Person(stage.browsers[kind], f"{name} in {kind}") for name, kind in zip(PEOPLE, (first, second, first))]
    for person in people[:2]:
        await person.join(url)
    reports, facts = await all_perceive_all(people[:2], anew=False)
    for person in people[:2]:
        if stage.invite in await person.evaluate("location.href"):
            raise Failed("the invite is still in the address bar")
    for person, kind in zip(people, stage.kinds):
        backend = (await person.evaluate("sealedsfu.call.backends"))["ML-KEM-1024"]
        if backend != ("native" if kind == "chromium" else "wasm"):
            raise Failed(f"ML-KEM-1024 of {person.name} is {backend}")
        stage.holds(f"{person.name}: {facts[person.name]}; {SUITE} ({backend}), nothing failed to open")
    epoch = reports[people[0]]["epoch"]

    await people[2].join(url)
    reports, _ = await all_perceive_all(people)
    if reports[people[0]]["epoch"] <= epoch:
        raise Failed("no new epoch for the newcomer")
    epoch = reports[people[0]]["epoch"]
    names = {person["name"] for person in reports[people[0]]["people"]}
    if names != {person.name for person in people}:
        raise Failed(f"the names are {names}")
    stage.holds(f"a third came: epoch {epoch}, all three perceive each other and know each other's names")

    await people[2].click(".leave")
    await people[2].reads("You left the call")
    reports, facts = await all_perceive_all(people[:2])
    if reports[people[0]]["epoch"] <= epoch:
        raise Failed("no new epoch after the leave")
    stage.holds(f"it left: epoch {reports[people[0]]['epoch']}, the others go on: {facts[people[0].name]}")


async def identity(stage):
    """Names, chat and safety numbers."""
    url = link(stage.page, stage.relay.url, stage.invite)
    browser = stage.browsers["chromium"]
    ada, grace = [await Person(browser, name).join(url) for name in PEOPLE[:2]]
    await all_perceive_all([ada, grace], anew=False)
    await ada.evaluate("sealedsfu.call.say('Is this a good line?')")
    await grace.evaluate("void document.querySelector('[aria-label^=Chat]').click()")
    await grace.reads("Is this a good line?")
    stage.holds("a chat text arrives with its author's name")
    numbers = []
    for person, other in ((ada, grace), (grace, ada)):
        await person.evaluate("void document.querySelector('[aria-label^=People]').click()")
        await person.sees(".person button:not([hidden])")
        await person.click(".person button:not([hidden])")
        await person.sees(".digits")
        numbers.append(await person.evaluate("document.querySelector('.digits').innerText.split(/\\s+/)"))
    if numbers[0] != numbers[1] or len("".join(numbers[0])) != 60:
        raise Failed(f"the safety numbers are {numbers}")
    stage.holds("both see the same 60 digits")
    # Another identity by a known name.
    await grace.evaluate("indexedDB.deleteDatabase('sealedsfu') && new Promise((done) => setTimeout(done, 500))")
    await grace.reload()
    await ada.reads("The identity of Grace has changed.")
    stage.holds("another identity by a known name is shown")


# A picture that moves, in place of a screen: headless browsers have none.
SCREEN = """(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = `hsl(${Date.now() / 20 % 360} 60% 50%)`;
    context.fillRect(0, 0, 1280, 720);
  }, 100);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10);
})()"""


async def controls(stage):
    """Camera off and on, microphone off, a screen shared twice."""
    url = link(stage.page, stage.relay.url, stage.invite)
    ada, grace = [await Person(stage.browsers[kind], name).join(url) for kind, name in zip(stage.kinds, PEOPLE)]
    await all_perceive_all([ada, grace], anew=False)
    member = (await grace.report())["member"]
    view = f"sealedsfu.call.state.people.find((person) => person.member === {member!r}).media"

    async def shows(expression, what):
        async def check():
            if not await ada.evaluate(expression):
                raise Failed(f"{ada.name} does not see: {what}")

        await eventually(check)

    await grace.click("[aria-label=Microphone]")
    await shows(f"{view}.microphone.isMuted", "the microphone is off")
    await grace.click("[aria-label=Camera]")
    await shows(f"{view}.camera.isMuted", "the camera is off")
    if await grace.evaluate("sealedsfu.media.camera !== null"):
        raise Failed("the camera is still open")
    stage.holds("microphone and camera off: the other one is told, the camera is closed")
    await grace.click("[aria-label=Microphone]")
    await grace.click("[aria-label=Camera]")
    await all_perceive_all([ada, grace])
    stage.holds("on again: pictures and sound go on")

    seen = 0
    for turn in ("first", "second"):
        await grace.evaluate(SCREEN)
        await grace.click("[aria-label='Share the screen']")

        async def check():
            report = await ada.report()
            screen = report["received"].get(member, {}).get("screen", {})
            if screen.get("decoded", 0) < seen + 10:
                raise Failed(f"Ada sees of the screen: {screen}")
            return screen

        screen = await eventually(check)
        await ada.sees(".tile-screen.has-picture")
        await grace.click("[aria-label='Share the screen']")
        await shows("!document.querySelector('.tile-screen')", "the screen is gone")
        seen = screen["decoded"]
        stage.holds(f"screen shared for the {turn} time: {screen['decoded']} pictures; then gone")
    reports, _ = await all_perceive_all([ada, grace])
    for person, report in reports.items():
        clean(report, person.name)


async def swift(stage):
    """Two participants of the Swift client come into the browsers' call, and leave it."""
    loadgen = os.path.join(os.path.dirname(stage.relay.executable), "sfu-loadgen")
    url = link(stage.page, stage.relay.url, stage.invite)
    people = [await Person(stage.browsers[kind], name).join(url) for kind, name in zip(stage.kinds, PEOPLE)]
    reports, _ = await all_perceive_all(people, anew=False)
    epoch = reports[people[0]]["epoch"]
    process = await asyncio.create_subprocess_exec(
        loadgen, "call", "--relay", stage.relay.url, "--invite", stage.invite, "--participants", "2",
        "--duration", "10s", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        async def check():
            opened = []
            for person in people:
                report = await person.report()
                in_call(report, person.name, 4)
                clean(report, person.name)
                strangers = [p["member"] for p in report["people"] if p["joinIndex"] > 2]
                for member in strangers:
                    counts = {name: view["opened"] for name, view in report["received"].get(member, {}).items()}
                    if counts.get("microphone", 0) < 50 or counts.get("camera", 0) < 20:
                        raise Failed(f"{person.name} opened {counts} of a Swift participant")
                    opened.append(counts["microphone"] + counts["camera"])
            return opened

        opened = await eventually(check)
        stage.holds(f"{SUITE} with two Swift participants; frames of theirs opened by the browsers: {opened}")
    finally:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), 30)
        if process.returncode is None:
            process.kill()
    reports, _ = await all_perceive_all(people)
    if reports[people[0]]["epoch"] <= epoch + 1:
        raise Failed("no new epoch after they left")
    stage.holds("they left: a new epoch, and the browsers go on")
