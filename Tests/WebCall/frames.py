"""From RTP packets to what they carry: the frames of each stream, and what is sealed of them (RFC 3550, 7741, 9605)."""
import struct
from collections import defaultdict

from person import Failed


class Packet:
    def __init__(self, data):
        first, second, self.sequence, self.timestamp, self.ssrc = struct.unpack_from(">BBHII", data)
        self.ends_frame, self.payload_type = bool(second & 0x80), second & 0x7F
        at = 12 + 4 * (first & 0x0F)
        if first & 0x10:
            at += 4 + 4 * struct.unpack_from(">H", data, at + 2)[0]
        end = len(data) - (data[-1] if first & 0x20 else 0)
        self.payload = data[at:end]


def without_vp8_descriptor(payload):
    """Whether a VP8 frame begins in this payload, and what stands behind the descriptor."""
    first, at = payload[0], 1
    if first & 0x80:
        flags = payload[1]
        at = 2
        if flags & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(flags & 0x40) + bool(flags & 0x30)
    return first & 0x17 == 0x10, payload[at:]


def vp8_frames(packets):
    """The frames that are there from their first packet to their last, in order of time."""
    by_time = defaultdict(dict)
    for packet in packets:
        # Probes for bandwidth have nothing but padding.
        if len(packet.payload) > 1:
            by_time[packet.timestamp][packet.sequence] = packet
    frames = []
    for group in by_time.values():
        start = next((seq for seq, packet in group.items() if without_vp8_descriptor(packet.payload)[0]), None)
        parts = []
        while start is not None and (packet := group.get(start)):
            parts.append(without_vp8_descriptor(packet.payload)[1])
            start = None if packet.ends_frame else (start + 1) & 0xFFFF
            if packet.ends_frame:
                frames.append(b"".join(parts))
    return frames


def opus_frames(packets):
    return [packet.payload for packet in {packet.sequence: packet for packet in packets}.values() if packet.payload]


class Sealed:
    """A sealed frame: key identifier and counter are in its header, the rest is to look like noise."""

    def __init__(self, frame):
        config = frame[0]
        key_length = (config >> 4 & 7) + 1 if config & 0x80 else 0
        counter_length = (config & 7) + 1 if config & 0x08 else 0
        if len(frame) < 1 + key_length + counter_length + 16:
            raise Failed(f"a frame of {len(frame)} bytes that begins with {frame[:8].hex()} is not sealed")
        self.key = int.from_bytes(frame[1:1 + key_length], "big") if key_length else config >> 4 & 7
        counter = frame[1 + key_length:1 + key_length + counter_length]
        self.counter = int.from_bytes(counter, "big") if counter_length else config & 7
        self.ciphertext = frame[1 + key_length + counter_length:]
