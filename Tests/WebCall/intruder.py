"""Those who must not get in, and relays that change what they pass on."""
from checks import ENOUGH_AUDIO, PEOPLE, all_perceive_all
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
# Packets of others that the relay has delivered.
PACKETS = """sealedsfu.call.membership.peer.connection.getStats().then((stats) => [...stats.values()]
  .filter(({type}) => type === "inbound-rtp").reduce((sum, {packetsReceived}) => sum + packetsReceived, 0))"""


async def wrong_invite(stage):
    """Somebody who knows the room, as the relay does, but not the invite."""
    browser = stage.browsers[stage.kinds[0]]
    ada, grace = [await Person(browser, name).join(stage.link) for name in PEOPLE[:2]]
    await all_perceive_all([ada, grace], anew=False)
    room = await ada.evaluate("sealedsfu.call.membership.keys.room")
    other = stage.invite[:-3] + ("AAA" if stage.invite[-3:-1] != "AA" else "BBA")
    mallory = Person(browser, "Mallory")
    await mallory.join(link(stage.page, stage.relay.url, other), preload=[OTHER_ROOM % (room, room)])
    await mallory.reads("Nobody here accepts this invite. You hear and see nothing, and nobody hears you.")
    await mallory.reads("Ask for the link again and copy all of it.")
    stage.holds("the page with the wrong invite says so, and what to do")
    await ada.reads("Somebody without the invite is in the room.")
    stage.holds("the others are told")

    # The relay, which cannot tell, hands the sealed packets out all the same.
    async def check():
        if (count := await mallory.evaluate(PACKETS)) < 4 * ENOUGH_AUDIO:
            raise Failed(f"Mallory received {count} packets, too few to prove anything")
        return count

    packets = await eventually(check)
    report = await mallory.report()
    views = [view for person in report["received"].values() for view in person.values()]
    if any(view["opened"] or view["decoded"] or view["energy"] > 1e-9 for view in views):
        raise Failed(f"Mallory opened frames: {report['received']}")
    if any(person["holdsKey"] for person in report["people"] if not person["isSelf"]):
        raise Failed("Mallory shares a key with somebody")
    of_mallory = (await ada.report())["received"].get(report["member"], {})
    if any(view["opened"] for view in of_mallory.values()):
        raise Failed(f"Ada opened frames of Mallory: {of_mallory}")
    stage.holds(f"of {packets} packets in {len(views)} tracks nothing was opened, seen or heard")
    seen = {p["name"]: p["holdsKey"] for p in (await ada.report())["people"] if not p["isAuthentic"]}
    if list(seen.values()) != [False]:
        raise Failed(f"Ada sees {seen}")


async def spoilt(stage):
    """A relay that changes sealed frames: they are not played, and the page says whose they are and why."""
    browser = stage.browsers[stage.kinds[0]]
    ada, grace = [await Person(browser, name).join(stage.link) for name in PEOPLE[:2]]
    await all_perceive_all([ada, grace], anew=False)
    member = (await grace.report())["member"]
    stage.tap.spoil(True)
    await ada.reads("Cannot decrypt Grace: the frames do not fit the key")
    await grace.reads("Cannot decrypt Ada: the frames do not fit the key")
    before = (await ada.report())["received"][member]

    async def check():
        report = await ada.report()
        if report["failures"].get("authenticationFailed", 0) < ENOUGH_AUDIO:
            raise Failed(f"Ada counts {report['failures']}")
        return report

    after = (await eventually(check))["received"][member]
    if any(after[source]["opened"] != view["opened"] for source, view in before.items()):
        raise Failed(f"spoilt frames were opened: {before} became {after}")
    stage.holds("Cannot decrypt Grace: the frames do not fit the key; none of them was played")
    stage.tap.spoil(False)
    await ada.misses("Cannot decrypt")
    _, facts = await all_perceive_all([ada, grace], expected={"authenticationFailed"})
    stage.holds(f"the relay passes them on as they are again: {facts['Ada']}")


async def fallback(stage):
    """People whose devices have ML-KEM-768 only: refused, or let in by choice and then with a warning."""
    browser = stage.browsers[stage.kinds[0]]
    ada = await Person(browser, "Ada").join(stage.link, fallback=True)
    async with stage.weaker_people():
        await ada.reads("The key exchange is weaker than usual.")
        await ada.reads("Somebody's device has only")

        async def opened():
            report = await ada.report()
            counts = [view["opened"] for person in report["received"].values() for view in person.values()]
            if report["suite"] != "x25519-mlkem768" or sum(count >= ENOUGH_AUDIO for count in counts) < 2:
                raise Failed(f"Ada opened {counts} under {report['suite']}")

        await eventually(opened)
        stage.holds("let in by choice: The key exchange is weaker than usual. Somebody's device has only…")
        await ada.click(".leave")
        grace = await Person(browser, "Grace").join(stage.link)
        await grace.reads("gets no keys: it has no key exchange as strong as this call demands.")
        report = await grace.report()
        if any(person["holdsKey"] for person in report["people"] if not person["isSelf"]):
            raise Failed("Grace shares a key with somebody who has ML-KEM-768 only")
        stage.holds("without that choice they get no keys, and the page says why")
