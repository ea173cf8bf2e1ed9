"""What tells frames from random bytes. Each test gives random bytes a chance of less than one in a million."""
import math
import zlib
from collections import Counter

# Of each frame, where codecs have their headers.
HEAD = 16
# Fewer frames or bytes could be anything.
ENOUGH_FRAMES, ENOUGH_BYTES = 200, 20_000
# In standard deviations: of 128 bits, one exceeds it by chance once in four million times.
LARGEST_BIAS = 6.0
LARGEST_EXCESS = 7.0
# A tenth of all frames share a first byte: with 200 random ones the commonest has about 2 %.
LARGEST_SHARE = 0.1
VP8_KEY_FRAME = bytes([0x9D, 0x01, 0x2A])


def bit_bias(rows):
    """How far the share of ones at any of the first bits is from a half, in standard deviations."""
    rows = [int.from_bytes(row[:HEAD], "big") for row in rows if len(row) >= HEAD]
    if not rows:
        return 0.0
    half, deviation = len(rows) / 2, math.sqrt(len(rows)) / 2
    return max(abs(sum(row >> bit & 1 for row in rows) - half) / deviation for bit in range(8 * HEAD))


def byte_excess(data):
    """Pearson's chi-square of the bytes' frequencies, as standard deviations above what random bytes have."""
    expected = len(data) / 256
    counts = Counter(data)
    chi = sum((counts[byte] - expected) ** 2 / expected for byte in range(256))
    return (chi - 255) / math.sqrt(2 * 255)


def entropy(data):
    """Bits per byte, corrected for the number of bytes (Miller and Madow)."""
    counts = Counter(data).values()
    plain = -sum(count / len(data) * math.log2(count / len(data)) for count in counts)
    return plain + (len(counts) - 1) / (2 * len(data) * math.log(2))


def commonest(values):
    return Counter(values).most_common(1)[0][1] / len(values)


def key_frames(frames):
    """Frames with the start code of a VP8 key frame at its place (RFC 6386 section 9.1)."""
    return sum(frame[3:6] == VP8_KEY_FRAME for frame in frames)


def findings(frames, kind):
    """By name what gives the frames away, and the figures as text."""
    data = b"".join(frames)
    if len(frames) < ENOUGH_FRAMES or len(data) < ENOUGH_BYTES:
        raise ValueError(f"{len(frames)} frames of {len(data)} bytes are too few")
    bias, excess, first = bit_bias(frames), byte_excess(data), commonest([frame[0] for frame in frames])
    # Frames sealed with one key stream twice differ by the difference of their plaintexts.
    differences = bit_bias([bytes(a ^ b for a, b in zip(one, two)) for one, two in zip(frames, frames[1:])])
    compressed = len(zlib.compress(data, 9))
    found = {
        "bits of the heads": bias > LARGEST_BIAS,
        "differences of neighbours": differences > LARGEST_BIAS,
        "frequencies of bytes": excess > LARGEST_EXCESS,
        "compressible": compressed < len(data),
        # Opus says mode, bandwidth and length in its first byte; VP8 the type of the frame.
        "first byte": first > LARGEST_SHARE,
        "repeated heads": len({frame[:HEAD] for frame in frames}) < len(frames),
    }
    if kind == "video":
        found["key-frame start code"] = key_frames(frames) > 0
    figures = (
        f"{len(frames)} frames, {len(data)} bytes of {entropy(data):.3f} bits, bias {bias:.1f}, of neighbours "
        f"{differences:.1f}, excess {excess:.1f}, commonest first byte {first:.1%}")
    return {name for name, flagged in found.items() if flagged}, figures
