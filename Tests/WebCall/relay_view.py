"""What the relay sees of browsers' media with the hop's encryption off: noise, where clear media would show."""
from collections import defaultdict

import randomness
from checks import PEOPLE, all_perceive_all
from frames import Packet, Sealed, opus_frames, vp8_frames
from person import Failed, Person, eventually, link

# By kind of media: the codec, how many frames are judged, and what must give clear media away.
CODEC = {"audio": "audio/opus", "video": "video/VP8"}
ENOUGH = {"audio": 300, "video": 200}
TELLTALES = {
    "audio": {"bits of the heads", "first byte", "frequencies of bytes"},
    "video": {"bits of the heads", "first byte", "key-frame start code"},
}
# A page that forgets to seal: what a broken or malicious one would send.
UNSEALED = """() => Object.defineProperty(RTCRtpSender.prototype, "transform", {get() { return null; }, set() {}})"""
# The streams that a person sends: kind, codec and synchronization source.
STREAMS = """(async () => {
  const stats = await sealedsfu.call.membership.peer.connection.getStats();
  return [...stats.values()].filter(({type, packetsSent}) => type === "outbound-rtp" && packetsSent > 0)
    .map(({kind, ssrc, codecId}) => ({kind, ssrc, codec: stats.get(codecId)?.mimeType ?? null}));
})()"""


async def frames_of(tap, person):
    """The frames of a person's streams by kind, as soon as there are enough."""
    async def check():
        streams = {stream["ssrc"]: stream for stream in await person.evaluate(STREAMS)}
        packets = defaultdict(list)
        for packet in map(Packet, tap.packets()):
            packets[packet.ssrc].append(packet)
        found = {kind: [] for kind in CODEC}
        for ssrc, stream in streams.items():
            if stream["codec"] != CODEC[stream["kind"]]:
                raise Failed(f"{person.name} sends {stream}")
            split = opus_frames if stream["kind"] == "audio" else vp8_frames
            found[stream["kind"]].append(split(packets[ssrc]))
        for kind, sequences in found.items():
            if (count := sum(map(len, sequences))) < ENOUGH[kind]:
                raise Failed(f"the relay has seen {count} {kind} frames of {person.name}, too few to judge")
            # Small encodings of a plain picture are a few bytes each.
            if (size := sum(len(frame) for frames in sequences for frame in frames)) < 2 * randomness.ENOUGH_BYTES:
                raise Failed(f"the relay has seen {size} bytes of {kind} of {person.name}, too few to judge")
        return found

    return await eventually(check)


def ciphertexts(sequences):
    """What is sealed of frames whose headers are in order: counters that only rise, under few keys."""
    sealed = [[Sealed(frame) for frame in frames] for frames in sequences]
    for frames in sealed:
        counters = defaultdict(list)
        for frame in frames:
            counters[frame.key].append(frame.counter)
        if len(counters) > 8 or any(len(set(values)) < len(values) for values in counters.values()):
            raise Failed(f"{len(frames)} frames have {len(counters)} keys, or a counter twice")
    return [frame.ciphertext for frames in sealed for frame in frames]


async def relay_view(stage):
    """Sealed media against clear media, before the same tests."""
    async def call(url, preload=()):
        people = [Person(stage.browsers[kind], name) for kind, name in zip(stage.kinds, PEOPLE)]
        for person in people:
            await person.join(url, preload)
        return people

    people = await call(stage.link)
    await all_perceive_all(people, anew=False)
    for person, browser in zip(people, stage.kinds):
        for kind, sequences in (await frames_of(stage.tap, person)).items():
            frames = [frame for sequence in sequences for frame in sequence]
            if kind == "video" and (count := randomness.key_frames(frames)):
                raise Failed(f"{count} frames of {browser} have the start code of a key frame")
            found, figures = randomness.findings(ciphertexts(sequences), kind)
            if found:
                raise Failed(f"the relay can tell {browser}'s sealed {kind} from noise by {sorted(found)}: {figures}")
            stage.holds(f"sealed {kind} of {browser} is noise to the relay: {figures}")
    for person in people:
        await person.close()

    # The control: the same tests must find clear media out.
    people = await call(link(stage.page, stage.relay.url, stage.another_invite()), [UNSEALED])
    for person, browser in zip(people, stage.kinds):
        for kind, sequences in (await frames_of(stage.tap, person)).items():
            frames = [frame for sequence in sequences for frame in sequence]
            found, figures = randomness.findings(frames, kind)
            if missing := TELLTALES[kind] - found:
                raise Failed(f"clear {kind} of {browser} passes for sealed by {sorted(missing)}: {figures}")
            stage.holds(f"control, clear {kind} of {browser} is found out by {', '.join(sorted(found))}")
