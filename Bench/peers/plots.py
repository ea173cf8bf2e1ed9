"""Plots of bench results as SVG, without dependencies; each picture follows the reader's light or dark setting."""

import math
from xml.sax.saxutils import escape

# One colour for each server, in every picture; the two sets have the same order of lightness.
SERVERS = ["relay", "C floor", "Janus tuned", "Janus default"]
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e } .axis { stroke: #d1d9e0 } .back { fill: #ffffff }
  .s0 { fill: #0969da; stroke: #0969da } .s1 { fill: #8c959f; stroke: #8c959f }
  .s2 { fill: #bf5700; stroke: #bf5700 } .s3 { fill: #e3a35c; stroke: #e3a35c }
  path { fill: none !important; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .axis { stroke: #3d444d } .back { fill: #0d1117 }
    .s0 { fill: #4493f8; stroke: #4493f8 } .s1 { fill: #7d8590; stroke: #7d8590 }
    .s2 { fill: #f0883e; stroke: #f0883e } .s3 { fill: #9b6a3b; stroke: #9b6a3b }
  }
"""


def css(server):
    return f"s{SERVERS.index(server)}" if server in SERVERS else "s3"


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Picture:
    def __init__(self, title, width, height):
        self.width, self.height = width, height
        self.parts = []
        self.text(20, 28, title, css="title")

    def text(self, x, y, content, anchor="start", css=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}">{escape(content)}</text>')

    def line(self, x1, y1, x2, y2):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="axis"/>')

    def bar(self, x, y, width, height, css):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" rx="2" class="{css}"/>')

    def dot(self, x, y, css):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="{css}"/>')

    def path(self, points, css):
        steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.parts.append(f'<path d="M{steps}" class="{css}"/>')

    def legend(self, servers, y):
        x = 20
        for server in servers:
            self.bar(x, y - 10, 12, 12, css(server))
            self.text(x + 18, y, server)
            x += 40 + 8 * len(server)

    def write(self, path):
        body = "\n".join(self.parts)
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'width="{self.width}" height="{self.height}" role="img">\n<style>{STYLE}</style>\n'
                f'<rect class="back" width="100%" height="100%" rx="8"/>\n{body}\n</svg>\n')


def present(rows):
    found = {row["arm"] for row in rows}
    return [server for server in SERVERS if server in found] + sorted(found - set(SERVERS))


def bars(title, rows, value, unit, path):
    """Groups of horizontal bars: one group for each scenario, one bar for each server."""
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    servers = present(rows)
    left, right, bar = 20, 790, 17
    heights = [26 + (bar + 4) * sum(row["scenario"] == name for row in rows) + 14 for name in scenarios]
    picture = Picture(title, 860, 76 + sum(heights))
    picture.legend(servers, 56)
    most = max(value(row) for row in rows)
    y = 80
    for name, height in zip(scenarios, heights):
        picture.text(left, y + 12, name, css="quiet")
        place = y + 20
        for server in servers:
            for row in (row for row in rows if row["scenario"] == name and row["arm"] == server):
                length = (right - left) * value(row) / most
                picture.bar(left, place, length, bar, css(server))
                mark = "" if row["valid"] else " (not valid)"
                picture.text(left + length + 6, place + 13, f"{number(value(row))} {unit}{mark}")
                place += bar + 4
        y += height
    picture.write(path)


def curves(title, series, xlabel, ylabel, path):
    """Lines over two logarithmic axes; `series` maps a server to points."""
    left, right, top, bottom = 70, 720, 100, 400
    points = [point for line in series.values() for point in line]
    if len({x for x, _ in points}) < 2:
        return False
    xs = [math.log10(x) for x, _ in points]
    ys = [math.log10(y) for _, y in points]
    xlow, xhigh = min(xs), max(xs)
    ylow, yhigh = math.floor(min(ys) * 3) / 3, math.ceil(max(ys) * 3) / 3

    def x(value):
        return left + (right - left) * (math.log10(value) - xlow) / (xhigh - xlow)

    def y(value):
        return bottom - (bottom - top) * (math.log10(value) - ylow) / max(yhigh - ylow, 0.1)

    picture = Picture(title, 860, 460)
    picture.legend([server for server in SERVERS if server in series], 56)
    for step in [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]:
        if ylow <= math.log10(step) <= yhigh + 1e-9:
            picture.line(left, y(step), right, y(step))
            picture.text(left - 8, y(step) + 4, f"{step:g}", anchor="end", css="quiet")
    for value in sorted({value for value, _ in points}):
        picture.text(x(value), bottom + 20, f"{value:,.0f}", anchor="middle", css="quiet")
    picture.text((left + right) / 2, bottom + 44, xlabel, anchor="middle", css="quiet")
    picture.text(left, top - 8, ylabel, css="quiet")
    for server, line in series.items():
        line = sorted(line)
        picture.path([(x(a), y(b)) for a, b in line], css(server))
        for a, b in line:
            picture.dot(x(a), y(b), css(server))
        picture.text(x(line[-1][0]) + 10, y(line[-1][1]) + 4, number(line[-1][1]))
    picture.write(path)
    return True
