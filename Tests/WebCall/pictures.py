"""Pictures and sound in their several ways: sizes, codecs, bots, and more people than slots."""
import asyncio
import contextlib
import json
import os
import re
import tempfile

from checks import ENOUGH_AUDIO, ENOUGH_ENERGY, ENOUGH_VIDEO, PEOPLE, all_perceive_all, clean, in_call
from person import Failed, Person, eventually, link

# What a person gets of others, by member and source, and what it sends, by encoding.
RECEPTION = """(async () => {
  const {membership, state} = sealedsfu.call;
  const result = {received: {}, sent: {}, slots: {audio: 0, video: 0}, audible: 0, opened: {}};
  for (const {kind, mid} of membership.peer.slots) if (mid !== null) result.slots[kind] += 1;
  const byMid = new Map(membership.peer.slots.map((slot) => [slot.mid, membership.slots.publicationIn(slot.mid)]));
  const opened = new Map(membership.decrypts.totals.map(({name, frames}) => [name, frames]));
  for (const {name, mid} of membership.peer.slots) {
    const publication = byMid.get(mid);
    if (publication) (result.opened[publication.member] ??= {})[publication.source] = opened.get(name) ?? 0;
  }
  const stats = await membership.peer.connection.getStats();
  for (const stat of stats.values()) {
    if (stat.type === "outbound-rtp" && stat.kind === "video") {
      const codec = stats.get(stat.codecId)?.mimeType ?? null;
      result.sent[stat.rid ?? stat.mid] = {frames: stat.framesEncoded ?? 0, height: stat.frameHeight ?? 0, codec};
    }
    if (stat.type !== "inbound-rtp") continue;
    const publication = byMid.get(stat.mid);
    if (!publication) continue;
    const codec = stats.get(stat.codecId)?.mimeType ?? null;
    const {framesDecoded = 0, frameWidth = 0, frameHeight = 0, totalAudioEnergy = 0} = stat;
    (result.received[publication.member] ??= {})[publication.source] =
      {decoded: framesDecoded, width: frameWidth, height: frameHeight, energy: totalAudioEnergy, codec};
  }
  return result;
})()"""

SPEAKING = """sealedsfu.call.state.people
  .filter(({isSpeaking, isSelf}) => isSpeaking && !isSelf).map(({member}) => member)"""

LARGE, SMALL = (1400, 1000), (420, 320)


async def window(person, size):
    width, height = size
    await person.browser.command("browsingContext.activate", context=person.context)
    await person.browser.command(
        "browsingContext.setViewport", context=person.context, viewport={"width": width, "height": height})


async def camera(person, member):
    report = await person.evaluate(RECEPTION)
    return report["received"].get(member, {}).get("camera", {"decoded": 0, "width": 0, "height": 0, "codec": None})


async def goes_on(person, member, holds, what):
    """Some more pictures are decoded of a member's camera, and they are as they should be."""
    before = await camera(person, member)

    async def check():
        now = await camera(person, member)
        if now["decoded"] < before["decoded"] + ENOUGH_VIDEO or not holds(now):
            sent = [(await other.evaluate(RECEPTION))["sent"] for other in person.company]
            raise Failed(f"{person.name} does not see {what}: {before}, then {now}; sent: {sent}")
        return now

    return await eventually(check)


async def meet(stage, names=PEOPLE, fragment=""):
    url = link(stage.page, stage.relay.url, stage.invite) + fragment
    people = [await Person(stage.browsers[kind], name).join(url) for kind, name in zip(stage.kinds, names)]
    for person in people:
        person.company = people
    return people


async def simulcast(stage):
    """Each gets the size that it shows; while a sender's browser leaves out the large one, the next smaller one."""
    people = await meet(stage)
    reports, _ = await all_perceive_all(people, anew=False)
    members = {person: report["member"] for person, report in reports.items()}
    for person, other in (people, people[::-1]):
        await window(person, LARGE)
        large = await goes_on(person, members[other], lambda seen: seen["height"] >= 360, "the large picture")
        await window(person, SMALL)
        small = await goes_on(
            person, members[other], lambda seen: 0 < seen["height"] <= large["height"] / 2, "the small picture")
        sent = (await other.evaluate(RECEPTION))["sent"]
        sent = {rid: view["height"] for rid, view in sent.items() if view["frames"]}
        stage.holds(f"{other.name} sends heights {sent}; {person.name} gets {large['height']} lines in a large window, "
                    f"{small['height']} in a small one")

        await window(person, LARGE)
        await goes_on(person, members[other], lambda seen: seen["height"] == large["height"], "the large picture again")
        turn = """(async () => {
          const sender = sealedsfu.call.membership.peer.sender("camera");
          const parameters = sender.getParameters();
          parameters.encodings.find(({rid}) => rid === "f").active = %s;
          await sender.setParameters(parameters);
        })()"""
        await other.evaluate(turn % "false")
        less = await goes_on(
            person, members[other], lambda seen: 0 < seen["height"] < large["height"], "the next smaller picture")
        await other.evaluate(turn % "true")
        await goes_on(person, members[other], lambda seen: seen["height"] == large["height"], "the large picture, back")
        stage.holds(f"the large one of {other.name} stops: {less['height']} lines; it is back, and is shown again")
    for person in people:
        clean(await person.report(), person.name)


def bots(stage, count, *options):
    """Bots of the Swift client in the same call, and the file of their report."""
    loadgen = stage.tool("sfu-loadgen")
    where = ["--relay", stage.relay.url, "--invite", stage.invite]
    return [loadgen, "join", *where, "--participants", str(count), *options]


@contextlib.asynccontextmanager
async def visit(stage, count, *options):
    """Bots come, and leave at the end; `report` is there then."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bots.json")
        process = await asyncio.create_subprocess_exec(
            *bots(stage, count, "--json", path, *options), stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL)
        guests = {}
        try:
            yield guests
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 30)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise Failed(f"the bots ended with {process.returncode}")
        with open(path, encoding="utf8") as file:
            guests["report"] = json.load(file)


def strangers(report):
    return [person["member"] for person in report["people"] if re.match(r"Bot \d", person["name"])]


async def meeting_bots(stage):
    """A browser decodes bots' pictures and hears them; the bots open all that it sends."""
    people = await meet(stage)
    await all_perceive_all(people, anew=False)
    for person in people:
        await window(person, LARGE)
    async with visit(stage, 2, "--talkers", "2") as guests:
        async def check():
            facts = []
            for person in people:
                members = strangers(await person.report())
                reception = (await person.evaluate(RECEPTION))["received"]
                if len(members) != 2:
                    raise Failed(f"{person.name} sees {len(members)} bots")
                for member in members:
                    seen, heard = (reception.get(member, {}).get(source) for source in ("camera", "microphone"))
                    if not seen or seen["decoded"] < 3 * ENOUGH_VIDEO or (seen["width"], seen["height"]) != (640, 360):
                        raise Failed(f"{person.name} sees of a bot: {seen}")
                    if not heard or heard["energy"] < ENOUGH_ENERGY:
                        raise Failed(f"{person.name} hears of a bot: {heard}")
                    facts.append((seen["decoded"], round(heard["energy"], 4)))
            return facts

        facts = await eventually(check)
        stage.holds(f"bots' pictures of 640x360 decoded, and their sound's energy: {facts}")
        for person in people:
            clean(await person.report(), person.name)
    for bot in guests["report"]["bots"]:
        if bot["decrypt_failures"]:
            raise Failed(f"{bot['name']} could not open {bot['decrypt_failures']} frames")
        opened = {member["name"]: member for member in bot["members"]}
        for person in people:
            counts = opened.get(person.name, {"audio_frames": 0, "video_frames": 0, "key_frames": 0})
            wanted = {"audio_frames": ENOUGH_AUDIO, "video_frames": ENOUGH_VIDEO, "key_frames": 1}
            if any(counts[kind] < enough for kind, enough in wanted.items()):
                raise Failed(f"{bot['name']} opened {counts} of {person.name}")
    counts = {member["name"]: (member["audio_frames"], member["video_frames"], member["key_frames"])
              for member in guests["report"]["bots"][0]["members"]}
    stage.holds(f"a bot opened sounds, pictures, key frames: {counts}, and failed to open none")


async def codecs(stage):
    """A call in another codec, until somebody comes who cannot show it."""
    people = await meet(stage, fragment="&codec=vp9")
    reports, _ = await all_perceive_all(people, anew=False)
    members = {person: report["member"] for person, report in reports.items()}
    for person, other in (people, people[::-1]):
        await goes_on(person, members[other], lambda seen: seen["codec"] == "video/VP9", "VP9")
    stage.holds("a link with codec=vp9: both see the other in VP9")
    async with visit(stage, 1) as guests:
        for person, other in (people, people[::-1]):
            await goes_on(person, members[other], lambda seen: seen["codec"] == "video/VP8", "VP8")
        await asyncio.sleep(3)
    seen = {member["name"]: member["video_frames"] for member in guests["report"]["bots"][0]["members"]}
    if any(seen.get(person.name, 0) < ENOUGH_VIDEO for person in people):
        raise Failed(f"the bot opened pictures: {seen}")
    stage.holds(f"one who shows VP8 only came: all go on in VP8, and it opened pictures: {seen}")
    for person in people:
        clean(await person.report(), person.name)


async def av1(stage):
    people = await meet(stage, fragment="&codec=av1")
    reports, _ = await all_perceive_all(people, anew=False)
    members = {person: report["member"] for person, report in reports.items()}
    for person, other in (people, people[::-1]):
        await goes_on(person, members[other], lambda seen: seen["codec"] == "video/AV1", "AV1")
        clean(await person.report(), person.name)
    stage.holds("a link with codec=av1: both see the other in AV1")


async def crowd(stage):
    """More people than the slots of the first offer, then more than there are slots at all."""
    [person] = await meet(stage, ["Ada"])

    async def inside():
        in_call(await person.report(), person.name, 1)

    await eventually(inside)
    async with visit(stage, 11, "--no-video"):
        async def everybody():
            report = await person.report()
            reception = await person.evaluate(RECEPTION)
            heard = [member for member in strangers(report)
                     if reception["opened"].get(member, {}).get("microphone", 0) >= 5]
            if len(heard) != 11:
                raise Failed(f"{person.name} hears {len(heard)} of 11 bots with {reception['slots']}")
            return reception

        reception = await eventually(everybody)
        if reception["slots"]["audio"] != 16:
            raise Failed(f"the page offers {reception['slots']}")
        async with visit(stage, 8, "--no-video", "--name", "Bot 2"):
            async def speakers():
                report, reception = await person.report(), await person.evaluate(RECEPTION)
                if len(strangers(report)) != 19 or len(reception["opened"]) != 16:
                    raise Failed(f"{len(strangers(report))} bots, {len(reception['opened'])} of them have slots")
                speaking = await person.evaluate(SPEAKING)
                if not speaking or not all(member in reception["opened"] for member in speaking):
                    raise Failed(f"speakers {speaking}, slots for {list(reception['opened'])}")
                return reception

            reception = await eventually(speakers)
            stage.holds(f"11 bots are heard in {reception['slots']['audio']} slots; of 19, 16, and whoever speaks")
        clean(await person.report(), person.name)
    async with visit(stage, 10, "--no-audio", "--name", "Bot"):
        async def pictures():
            report, reception = await person.report(), await person.evaluate(RECEPTION)
            seen = [member for member in strangers(report)
                    if reception["received"].get(member, {}).get("camera", {}).get("decoded", 0) > 0]
            if len(seen) != 10:
                raise Failed(f"{person.name} sees {len(seen)} of 10 bots with {reception['slots']}")
            return reception

        reception = await eventually(pictures)
        stage.holds(f"the pictures of 10 bots are decoded in {reception['slots']['video']} slots")
        clean(await person.report(), person.name)
