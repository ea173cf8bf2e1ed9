"""What breaks in the middle of a call, and what the page says and does then."""
import asyncio
import contextlib
import subprocess

import relay_process
from checks import PEOPLE, all_perceive_all
from person import Failed, Person, eventually, link

# How long things stay broken: longer than a hiccup, shorter than the relay keeps a member.
OUTAGE_SECONDS = 5
# How a participant reaches the relay: the credentials of its ICE agent, and its address.
PATH = """(async () => {
  const {connection} = sealedsfu.call.membership.peer;
  const stats = await connection.getStats();
  const pairs = [...stats.values()].filter((stat) => stat.type === "candidate-pair" && stat.state === "succeeded");
  const selected = stats.get([...stats.values()].find(({type}) => type === "transport")?.selectedCandidatePairId)
    ?? pairs.find((pair) => pair.selected || pair.nominated);
  return {
    user: connection.localDescription?.sdp.match(/a=ice-ufrag:(\\S+)/)?.[1] ?? null,
    address: stats.get(selected?.localCandidateId)?.address ?? null,
  };
})()"""


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True).returncode == 0


def block_udp(blocks):
    """Swallows every datagram of this network namespace, or lets them pass again."""
    if not blocks:
        done = ip("rule", "del", "pref", "5")
    else:
        # Local addresses are looked up before anything else unless their rule is moved.
        if ip("rule", "add", "pref", "10", "lookup", "local"):
            ip("rule", "del", "pref", "0")
        done = ip("rule", "add", "pref", "5", "ipproto", "udp", "blackhole")
    if not done:
        raise RuntimeError("ip rule cannot block UDP here")


class Card:
    """A network card that leads nowhere, with an address of this machine's."""

    def __init__(self, address):
        self.address = address

    def __enter__(self):
        if not (ip("link", "add", "card0", "type", "veth", "peer", "name", "card1") and ip("link", "set", "card1", "up")
                and ip("link", "set", "card0", "up") and ip("addr", "add", f"{self.address}/24", "dev", "card0")):
            raise RuntimeError("ip cannot make a network card here")
        return self

    def move(self, address):
        """The same card in another network."""
        if not (ip("addr", "add", f"{address}/24", "dev", "card0")
                and ip("addr", "del", f"{self.address}/24", "dev", "card0")):
            raise RuntimeError("ip cannot change the address")
        self.address = address

    def __exit__(self, *_):
        ip("link", "del", "card0")


async def settled(people):
    """Signalling and media of all of them are back."""
    async def check():
        for person in people:
            if await person.evaluate("sealedsfu.call.state.isReconnecting"):
                raise Failed(f"{person.name} is still reconnecting")

    await eventually(check)


def unchanged(before, after, what):
    """The same memberships, the same key."""
    for person, report in after.items():
        if report["member"] != before[person]["member"] or report["epoch"] != before[person]["epoch"]:
            raise Failed(f"{what} led to a new membership or a new key of {person.name}")


async def recovery(stage):
    """The WebSocket is cut, the relay stands still, UDP is lost, the relay is killed and started anew."""
    async with relay_process.wire_to(stage.relay) as wire:
        first, second = stage.kinds
        ada = await Person(stage.browsers[first], "Ada").join(link(stage.page, wire.url, stage.invite))
        grace = await Person(stage.browsers[second], "Grace").join(stage.link)
        people = [ada, grace]
        before, _ = await all_perceive_all(people, anew=False)

        wire.cut()
        await ada.reads("The connection is interrupted. It is being restored; you stay in the call.")
        await grace.reads("Reconnecting…")
        await asyncio.sleep(OUTAGE_SECONDS)
        wire.mend()
        await settled(people)
        reports, _ = await all_perceive_all(people)
        unchanged(before, reports, "a short cut of the WebSocket")
        stage.holds("WebSocket cut for 5 s: said so, resumed as the same member under the same key")

        stage.relay.freeze()
        await asyncio.sleep(OUTAGE_SECONDS)
        stage.relay.thaw()
        await settled(people)
        before, _ = await all_perceive_all(people)
        stage.holds("relay at a standstill for 5 s: all perceive each other again")

        if stage.isolated("UDP cannot be blocked"):
            block_udp(True)
            try:
                await asyncio.sleep(OUTAGE_SECONDS)
                await ada.reads("The connection is interrupted.")
            finally:
                block_udp(False)
            await settled(people)
            reports, _ = await all_perceive_all(people)
            # The path of Firefox may have failed for good, which it overcomes as a new member only.
            if reports[ada]["member"] != before[ada]["member"]:
                raise Failed("5 s without UDP led to a new membership of Ada")
            kept = "the same member" if reports[grace]["member"] == before[grace]["member"] else "a new member"
            before = reports
            stage.holds(f"UDP blocked for 5 s: said so, all perceive each other again; {second} is {kept}")

        await stage.relay.kill()
        for person in people:
            await person.reads("The connection")
        await stage.relay.start()
        reports, _ = await all_perceive_all(people)
        if any(reports[person]["member"] == before[person]["member"] for person in people):
            raise Failed("a member came back with an old bundle")
        stage.holds("relay killed and started anew: said so, both are back as new members, with fresh keys")


async def network(stage):
    """The machine is in another network all at once: ICE is restarted, the membership and its key stay."""
    with contextlib.ExitStack() as stack:
        card = None
        if stage.isolated("no network card can be moved to another network"):
            card = stack.enter_context(Card("10.77.1.2"))
        people = [await Person(stage.browsers[kind], name).join(stage.link) for kind, name in zip(stage.kinds, PEOPLE)]
        before, _ = await all_perceive_all(people, anew=False)

        async def restarted(person, old, is_moved=False):
            new = await person.evaluate(PATH)
            # The pair of before stays selected until one with the new credentials is found.
            is_old = new["user"] == old["user"] or (is_moved and new["address"] == old["address"])
            if is_old or new["address"] is None:
                raise Failed(f"the path of {person.name} was {old} and is {new}")
            return new

        async def goes_on(what):
            await settled(people)
            reports, _ = await all_perceive_all(people)
            unchanged(before, reports, what)
            stage.holds(f"{what}: ICE restarted, same member, same key, media goes on")

        if card:
            old = await people[0].evaluate(PATH)
            if old["address"] != card.address:
                raise Failed(f"Ada reaches the relay from {old['address']}, not from the card: nothing is proven")
            card.move("10.77.2.2")
            new = await eventually(lambda: restarted(people[0], old, is_moved=True))
            await goes_on(f"the card is moved from {old['address']} to {new['address']}")
        for person, kind in zip(people, stage.kinds):
            old = await person.evaluate(PATH)
            await person.evaluate("void dispatchEvent(new Event('online'))")
            await eventually(lambda: restarted(person, old))
            await goes_on(f"{kind} says that the network has changed")


async def reload(stage):
    """A reload is a leave and a join."""
    browser = stage.browsers[stage.kinds[0]]
    ada, grace = [await Person(browser, name).join(stage.link) for name in PEOPLE[:2]]
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


async def background(stage):
    """Behind another tab a call is heard as before, and hears."""
    browser = stage.browsers[stage.kinds[0]]
    ada, grace = people = [await Person(browser, name).join(stage.link) for name in PEOPLE[:2]]
    before, _ = await all_perceive_all(people, anew=False)
    # Another page in front of both.
    other = (await browser.command("browsingContext.create", type="tab"))["context"]
    await browser.command("browsingContext.activate", context=other)

    async def hidden():
        for person in people:
            if (state := await person.evaluate("document.visibilityState")) != "hidden":
                raise Failed(f"the tab of {person.name} is {state}")

    await eventually(hidden)
    began = {person: await person.report() for person in people}
    # Long enough for the browser to slow down the timers of pages that nobody sees.
    await asyncio.sleep(10)
    await hidden()
    facts = []
    for person, partner in ((ada, grace), (grace, ada)):
        member = began[partner]["member"]
        report = await person.report()
        now, then = (view["received"][member]["microphone"] for view in (report, began[person]))
        opened, energy = now["opened"] - then["opened"], now["energy"] - then["energy"]
        # Half of what ten seconds have, on a machine that has little time to spare.
        if opened < 250 or energy < 1e-3:
            raise Failed(f"{person.name}, in the background, got {opened} sounds of energy {energy:.1e} in 10 s")
        facts.append(f"{person.name} got {opened} sounds of energy {energy:.1e}")
        if (report["member"], report["epoch"]) != (before[person]["member"], before[person]["epoch"]):
            raise Failed(f"{person.name} lost its membership or its key in the background")
    stage.holds(f"10 s in the background, {stage.kinds[0]}: {'; '.join(facts)}")
    await browser.command("browsingContext.activate", context=ada.context)
    await all_perceive_all(people)
    stage.holds("in front again: all perceive each other")
