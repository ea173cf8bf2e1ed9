"""Makes a screenshot small: at most 256 colours, chosen by how often they occur."""
import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunks(data):
    place = len(SIGNATURE)
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place:place + 8])
        yield kind, data[place + 8:place + 8 + length]
        place += 12 + length


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rows(width, height, depth, data):
    """The lines of an image of 8-bit samples, not interlaced, their filters undone (PNG specification, section 9)."""
    stride, above, place = width * depth, bytearray(width * depth), 0
    for _ in range(height):
        kind, line = data[place], bytearray(data[place + 1:place + 1 + stride])
        place += 1 + stride
        if kind == 1:
            for i in range(depth, stride):
                line[i] = (line[i] + line[i - depth]) & 255
        elif kind == 2:
            line = bytearray((a + b) & 255 for a, b in zip(line, above))
        elif kind == 3:
            for i in range(stride):
                line[i] = (line[i] + ((line[i - depth] if i >= depth else 0) + above[i]) // 2) & 255
        elif kind == 4:
            for i in range(stride):
                left, corner = (line[i - depth], above[i - depth]) if i >= depth else (0, 0)
                up = above[i]
                to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
                best = left if to_left <= to_up and to_left <= to_corner else up if to_up <= to_corner else corner
                line[i] = (line[i] + best) & 255
        yield line
        above = line


def _nearest(colour, palette):
    red, green, blue = colour >> 16, colour >> 8 & 255, colour & 255
    return min(range(len(palette)), key=lambda i: (palette[i][0] - red) ** 2 + (palette[i][1] - green) ** 2
               + (palette[i][2] - blue) ** 2)


def smaller(data):
    """The same picture as a PNG with a palette; `data` is an 8-bit RGB or RGBA one, as browsers make them."""
    header, body = None, bytearray()
    for kind, content in _chunks(data):
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", content)
        elif kind == b"IDAT":
            body += content
    width, height, bits, colour_type, _, _, interlace = header
    if bits != 8 or colour_type not in (2, 6) or interlace:
        return data
    depth = 3 if colour_type == 2 else 4
    rows = []
    for line in _rows(width, height, depth, zlib.decompress(bytes(body))):
        rows.append([r << 16 | g << 8 | b for r, g, b in zip(line[0::depth], line[1::depth], line[2::depth])])
    counts = Counter()
    for row in rows:
        counts.update(row)
    # Plain surfaces keep their exact colours; of gradients, one in each small cube stands for its neighbours.
    chosen, cubes = [colour for colour, _ in counts.most_common(48)], Counter()
    for colour, count in counts.items():
        cubes[colour & 0xF0F0F0] += count
    chosen += [cube | 0x080808 for cube, _ in cubes.most_common(256 - len(chosen))]
    palette = [(colour >> 16, colour >> 8 & 255, colour & 255) for colour in chosen]
    exact = {colour: i for i, colour in reversed(list(enumerate(chosen)))}
    near = {}

    def index(colour):
        if colour in exact:
            return exact[colour]
        key = colour & 0xFCFCFC
        if key not in near:
            near[key] = _nearest(colour, palette)
        return near[key]

    packed = b"".join(b"\0" + bytes(map(index, row)) for row in rows)
    return SIGNATURE + b"".join([
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", bytes(part for colour in palette for part in colour)),
        _chunk(b"IDAT", zlib.compress(packed, 9)), _chunk(b"IEND", b"")])
