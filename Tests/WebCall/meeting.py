"""People meet: see, hear, know and write to each other."""
import page_site
from bots import opened_all
from checks import BOTS, PEOPLE, SUITE, all_perceive_all, clean
from person import Failed, Person, eventually


async def files(stage):
    """What the page says of its own files is what sfu-web says of them, and all of them."""
    expected, whole = await page_site.digests(stage.tool("sfu-web"))
    for kind in stage.kinds:
        person = await Person(stage.browsers[kind], "Ada").open(stage.page)
        await person.evaluate(
            "void [...document.querySelectorAll('button')].find(({innerText}) => innerText.includes('files')).click()")
        await person.reads("All together:")
        shown = dict(await person.evaluate(
            "[...document.querySelectorAll('.files tbody tr')].map(({cells}) => [...cells].map((c) => c.innerText))"))
        if shown != expected:
            wrong = sorted(path for path in {*shown, *expected} if shown.get(path) != expected.get(path))
            raise Failed(f"the page and sfu-web digest differ in {wrong}")
        if whole not in await person.text():
            raise Failed(f"the page does not show {whole}, the digest of the whole")
        stage.holds(f"{kind} shows the digests of all {len(shown)} files, as sfu-web digest has them: {whole[:16]}…")
    served = await person.evaluate("fetch('digest.txt').then((answer) => answer.text())")
    if not served.endswith(f"# all: {whole}\n"):
        raise Failed("the served digest.txt is another one")


async def pair(stage):
    """Two people call, two participants of the Swift client come in, then another one comes and goes."""
    first, second = stage.kinds
    people = [Person(stage.browsers[kind], f"{name} in {kind}") for name, kind in zip(PEOPLE, (first, second, first))]
    for person in people[:2]:
        await person.join(stage.link)
    reports, facts = await all_perceive_all(people[:2], anew=False)
    for person, kind in zip(people, stage.kinds):
        if stage.invite in await person.evaluate("location.href"):
            raise Failed("the invite is still in the address bar")
        backend = (await person.evaluate("sealedsfu.call.backends"))["ML-KEM-1024"]
        if backend != ("native" if kind == "chromium" else "wasm"):
            raise Failed(f"ML-KEM-1024 of {person.name} is {backend}")
        stage.holds(f"{person.name}: {facts[person.name]}; {SUITE} ({backend}), nothing failed to open")

    async def change(present, bots, what):
        """Who is there now has a new key and perceives each other anew."""
        nonlocal reports
        epoch = reports[people[0]]["epoch"]
        reports, facts = await all_perceive_all(present, bots=bots)
        if reports[people[0]]["epoch"] <= epoch:
            raise Failed(f"{what}: no new epoch")
        number = reports[people[0]]["epoch"]
        stage.holds(f"{what}: epoch {number}, {len(present)} browsers perceive all {len(present) + len(bots)}")
        return facts

    async with stage.bots(BOTS) as bots:
        await change(people[:2], BOTS, "two Swift participants came")
        await people[2].join(stage.link)
        await change(people, BOTS, "another browser came")
        await people[2].click(".leave")
        await people[2].reads("You left the call")
        await change(people[:2], BOTS, "it left")
        stayed, passed = [person.name for person in people[:2]], [people[2].name]
        stage.holds(opened_all(await bots.leave(), BOTS, stayed, passed))
    facts = await change(people[:2], [], "the Swift participants left")
    stage.holds(f"the others go on: {facts[people[0].name]}")


async def identity(stage):
    """Names, chat and safety numbers."""
    browser = stage.browsers["chromium"]
    ada, grace = [await Person(browser, name).join(stage.link) for name in PEOPLE[:2]]
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
    await grace.evaluate(
        "new Promise((done) => indexedDB.deleteDatabase('sealedsfu').onsuccess = () => done(true))")
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
    ada, grace = [await Person(stage.browsers[kind], name).join(stage.link) for kind, name in zip(stage.kinds, PEOPLE)]
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
