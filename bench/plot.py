"""Panels of lines on logarithmic axes, as an SVG file: no library needed, colours that the colour-blind tell apart."""
import math
from html import escape

PANEL_W, PANEL_H, LEFT, TOP, RIGHT, BOTTOM = 330, 270, 58, 40, 16, 46
INK, FAINT, GUIDE = "#222222", "#dddddd", "#777777"
COLOURS = {1: "#d55e00", 2: "#0072b2"}  # of Okabe and Ito


def short(n):
    return f"{n // 1024}k" if n >= 1024 and n % 1024 == 0 else str(n)


def duration(ms):
    """A power of ten of milliseconds in the unit that suits it."""
    for unit, size in (("s", 1000), ("ms", 1), ("µs", 0.001)):
        if ms >= size * 0.999:
            return f"{ms / size:g} {unit}"
    return f"{ms:g} ms"


class Axes:
    """Where sizes and milliseconds lie in a panel whose upper left corner is (x, y)."""

    def __init__(self, x, y, sizes, times):
        self.x0, self.x1 = x + LEFT, x + PANEL_W - RIGHT
        self.y0, self.y1 = y + PANEL_H - BOTTOM, y + TOP
        self.sizes = sizes
        self.low, self.high = math.log10(min(times)) - 0.15, math.log10(max(times)) + 0.25

    def x(self, size):
        first, last = math.log(self.sizes[0]), math.log(self.sizes[-1])
        return self.x0 + 10 + (self.x1 - self.x0 - 24) * (math.log(size) - first) / (last - first)

    def y(self, ms):
        return self.y0 + (self.y1 - self.y0) * (math.log10(ms) - self.low) / (self.high - self.low)

    def decades(self):
        return [10.0 ** e for e in range(math.ceil(self.low), math.floor(self.high) + 1)]


def text(x, y, words, size=11, anchor="start", fill=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}" '
            f'stroke="white" stroke-width="3" paint-order="stroke">{escape(words)}</text>')


def line(points, colour, width, dash=""):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def marker(x, y, threads):
    """A circle or a square: the colour isn't all that tells them apart."""
    if threads == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{COLOURS[1]}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[2]}"/>'


def frame(axes, panel):
    """Title, grid and numbers."""
    yield text(axes.x0 - LEFT + 8, axes.y1 - 20, panel["title"], 13, weight="bold")
    yield text((axes.x0 + axes.x1) / 2, axes.y0 + 34, panel["axis"], 11, "middle")
    for ms in axes.decades():
        yield line([(axes.x0, axes.y(ms)), (axes.x1, axes.y(ms))], FAINT, 1)
        yield text(axes.x0 - 6, axes.y(ms) + 4, duration(ms), 10, "end")
    for size in axes.sizes:
        yield line([(axes.x(size), axes.y0), (axes.x(size), axes.y0 + 4)], INK, 1)
        yield text(axes.x(size), axes.y0 + 16, short(size), 10, "middle")
    yield line([(axes.x0, axes.y1), (axes.x0, axes.y0), (axes.x1, axes.y0)], INK, 1)


def guides(panel):
    """For each number of threads, times that would grow as the arithmetic does, up to the largest."""
    return [[times[-1] * flop / panel["flop"][-1] for flop in panel["flop"]] for times in panel["ms"].values()]


def curves(axes, panel):
    for times in guides(panel):
        yield line([(axes.x(s), axes.y(ms)) for s, ms in zip(axes.sizes, times)], GUIDE, 1.2, "3 4")
    for threads, times in panel["ms"].items():
        points = [(axes.x(s), axes.y(ms)) for s, ms in zip(axes.sizes, times)]
        yield line(points, COLOURS[threads], 2)
        yield from (marker(*point, threads) for point in points)


def notes(axes, panel):
    for row, words in enumerate(panel["notes"]):
        yield text(axes.x0 + 8, axes.y1 + 8 + 15 * row, words, 11, fill=[INK, *COLOURS.values()][row] if row < 3 else INK)


def key(x, y, words):
    """The last panel: what the marks mean, and how to read the others."""
    rows = [((lambda a, b: line([(a, b), (a + 40, b)], COLOURS[1], 2) + marker(a + 20, b, 1)), "1 thread"),
            ((lambda a, b: line([(a, b), (a + 40, b)], COLOURS[2], 2) + marker(a + 20, b, 2)), "2 threads"),
            ((lambda a, b: line([(a, b), (a + 40, b)], GUIDE, 1.2, "3 4")), "as the arithmetic grows")]
    for i, (mark, name) in enumerate(rows):
        yield mark(x + 20, y + TOP + 6 + 24 * i)
        yield text(x + 72, y + TOP + 10 + 24 * i, name, 12)
    for i, sentence in enumerate(words):
        yield text(x + 20, y + TOP + 94 + 17 * i, sentence, 11)


def svg(panels, words, columns=3):
    """panels: {"title", "axis", "sizes", "flop": [..], "ms": {threads: [..]}, "notes": lines}; words: lines beside the key."""
    rows = -(-(len(panels) + 1) // columns)
    width, height = columns * PANEL_W, rows * PANEL_H
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           'font-family="DejaVu Sans, Verdana, sans-serif">', f'<rect width="{width}" height="{height}" fill="white"/>']
    for i, panel in enumerate(panels):
        times = [ms for series in (*panel["ms"].values(), *guides(panel)) for ms in series]
        axes = Axes(i % columns * PANEL_W, i // columns * PANEL_H, panel["sizes"], times)
        for part in (frame, curves, notes):
            out += part(axes, panel)
    out += key(len(panels) % columns * PANEL_W, len(panels) // columns * PANEL_H, words)
    return "\n".join([*out, "</svg>\n"])
