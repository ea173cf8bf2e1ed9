"""What must hold of people in a call."""
from person import Failed, eventually

# A second of sound, and some pictures; fewer could be what was under way before a change.
ENOUGH_AUDIO, ENOUGH_VIDEO, ENOUGH_ENERGY = 50, 10, 1e-4
SUITE = "x25519-mlkem1024"
# In the order of things: what was sent before one came or after another left, and duplicates.
HARMLESS = {"beforeJoin", "departed", "replayed"}
PEOPLE = ["Ada", "Grace", "Hedy"]
BOTS = ["Bot 1", "Bot 2"]


def in_call(report, name, count):
    """Who is in the call with whom, under which key."""
    if not report or report["phase"] != "in":
        raise Failed(f"{name} is not in the call: {report and (report['phase'], report['problem'])}")
    holders = [person for person in report["people"] if person["holdsKey"]]
    if len(holders) != count or len(report["people"]) != count:
        raise Failed(f"{name} sees {len(report['people'])} people, of whom {len(holders)} hold the key, not {count}")
    if report["seal"] != "sealed" or report["suite"] != SUITE:
        raise Failed(f"{name} is {report['seal']} with {report['suite']}")
    weaker = {person["suite"] for person in holders} - {SUITE}
    if weaker:
        raise Failed(f"{name} agreed {weaker} with somebody")


def clean(report, name, expected=frozenset()):
    """Nothing failed to open but what was made to fail, and the page has no complaints."""
    harmless = HARMLESS | expected
    failures = {cause: count for cause, count in report["failures"].items() if cause not in harmless}
    if failures:
        raise Failed(f"{name} could not open frames: {failures}; keys: {report['history']}")
    if report["complaints"]:
        raise Failed(f"{name}'s page complains: {report['complaints']}")


def perceives(report, name, others, since):
    """Decoded pictures and sound that is not silent, of all others, since an earlier report."""
    facts = []
    for other in others:
        now = report["received"].get(other, {})
        before = (since or {"received": {}})["received"].get(other, {})

        def gain(source, field):
            return now.get(source, {}).get(field, 0) - before.get(source, {}).get(field, 0)

        frames, sound, energy = gain("camera", "decoded"), gain("microphone", "opened"), gain("microphone", "energy")
        if frames < ENOUGH_VIDEO or sound < ENOUGH_AUDIO or energy < ENOUGH_ENERGY:
            raise Failed(f"{name} got {frames} pictures, {sound} sounds of energy {energy:.1e} from {other}")
        width = now["camera"]["width"]
        if width < 160:
            raise Failed(f"{name} sees pictures {width} wide")
        facts.append(f"{frames} pictures {width} wide, energy {energy:.1e}")
    return "; ".join(facts)


async def all_perceive_all(people, anew=True, bots=(), expected=frozenset()):
    """Everybody hears and sees everybody from now on, the Swift participants included; returns the reports."""
    before = {person: await person.report() for person in people} if anew else {}
    names = {person.name for person in people} | set(bots)

    async def check():
        reports = {person: await person.report() for person in people}
        facts = {}
        for person, report in reports.items():
            in_call(report, person.name, len(names))
        for person, report in reports.items():
            shown = {other["name"] for other in report["people"]}
            if shown != names:
                raise Failed(f"{person.name} sees {shown} instead of {names}")
            since = before.get(person)
            if since and since["member"] != report["member"]:
                since = None
            others = [other["member"] for other in report["people"] if not other["isSelf"]]
            facts[person.name] = perceives(report, person.name, others, since)
            clean(report, person.name, expected)
        epochs = {report["epoch"] for report in reports.values()}
        if len(epochs) != 1:
            raise Failed(f"epochs {epochs}")
        return reports, facts

    return await eventually(check)
