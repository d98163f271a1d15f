"""Every colour of the figures, marks of points, and how large a bubble is; the same in PNGs and on the page.

Colours: the palette of Okabe and Ito (2008) for readers who are colour-blind, extended so that no two kinds, no two
bounds, and no kind and bound look alike to them either, on light and on dark ground (tests/reports/page/test_colors.py
measures that). ROSE is no purple, since that is a slate blue to who sees no red.
"""

from __future__ import annotations

import math

INK, FAINT, GRID = "#1f2328", "#59636e", "#e6e8eb"
"""Text and lines, what matters less, and lines behind everything."""
WARN, PANEL = "#cf222e", "#f6f8fa"
"""What must not be overlooked, and the ground of a strip beside the plot."""
PALE, PALER, DIM = "#c4cad1", "#dfe3e8", "#8c959f"
"""Greys of what a coloured bar or line is held against."""
MORE, LESS = "#B2182B", "#2166AC"
"""Time that is added, and time that is saved."""
SLOWER, FASTER = "#c0532d", "#2a78b5"
"""Variants held against their baseline."""
BLUE, VERMILION, GREEN, ROSE, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E7757F", "#E69F00"
SKY, WINE, OLIVE, INDIGO, GREY = "#56B4E9", "#8E2866", "#999933", "#332187", "#78757D"
SERIES_COLORS = (BLUE, VERMILION, GREEN, ROSE, ORANGE, SKY, WINE, OLIVE, INDIGO, GREY)
"""Colours of series that are no kinds of operators, in order."""
_OTHER = "#A1A5A7"
KIND_COLORS = {
    "convolution": BLUE,
    "depthwise convolution": VERMILION,
    "matmul": SKY,
    "attention": ROSE,
    "normalization": GREEN,
    "elementwise": ORANGE,
    "reduction": WINE,
    "pooling": OLIVE,
    "layout": GREY,
    "optimizer": INDIGO,
    "unknown": _OTHER,
}
BOUND_COLORS = {
    "dram": "#132A3F",
    "l2": "#607397",
    "l1": "#ABC3DC",
    "tensor": "#5E4312",
    "fp32": "#997C4C",
    "fp16": "#DBCBA7",
    "issue": "#78424D",
    "latency": "#B28AB6",
    "launch": "#2F2F2F",
    "host": "#D2D2D2",
}
"""What sets the time: memory in slate blues, arithmetic in browns, what happens inside the SMs in mauves, and in greys
what is no ceiling of the device. All are muted, so that none is taken for a kind of operator; see the test of them."""
DEVICE_COLORS = ("#3E8E6E", ROSE, VERMILION, "#9B9B9B")
"""Parts of a device's time: computing, communication with nothing beside, waiting for launches, otherwise idle."""
MEMORY_COLORS = {"parameters": "#4C72A8", "optimizer": "#7B5EA7", "gradients": "#B98A2F", "activations": "#8FB8A8"}
"""Who holds memory, by name."""
DARK_COLORS = {
    BLUE: "#82A1FF",
    ROSE: "#DE6D75",
    WINE: "#974289",
    GREY: "#97A09E",
    INDIGO: "#786CE2",
    _OTHER: "#C3CBC9",
    "#132A3F": "#487BAD",
    "#607397": "#7192B1",
    "#ABC3DC": "#9EBCD5",
    "#5E4312": "#876831",
    "#997C4C": "#C4A36C",
    "#78424D": "#92738B",
    "#B28AB6": "#FBC8FD",
    "#2F2F2F": "#5E6265",
    "#D2D2D2": "#FDF3F4",
}
"""What a dark page shows in place of a colour that would hardly stand out there."""
ON_DARK = {
    **DARK_COLORS,
    "#ffffff": "#0d1117",
    "#000000": "#e6edf3",
    INK: "#e6edf3",
    FAINT: "#9aa3ad",
    GRID: "#2b3138",
    PANEL: "#161b22",
    PALE: "#565e67",
    PALER: "#3b424a",
    DIM: "#8b949e",
    WARN: "#ff7b72",
    MORE: "#dd5562",
    LESS: "#4f94d4",
}
"""What a figure on a dark ground shows in place of each of its colours."""
_ON_LIGHT, _ON_DARK = "#000000", "#ffffff"
MARKS = ("o", "s", "D", "^", "v", "h")
"""Shapes of the points of the first, second, ... report, by matplotlib's names."""
MARK_SCALES = {"o": 1.0, "s": 0.89, "D": 0.89, "^": 1.25, "v": 1.25, "h": 1.05}
"""What to multiply a circle's diameter by for a mark of the same area."""
RADIUS = 0.0045, 0.085
"""The least radius of a bubble, and that of all the time, as fractions of a plot's width."""


def color(kind: str) -> str:
    """Return the colour of a kind of operator; grey for one this version does not know."""
    return KIND_COLORS.get(kind, _OTHER)


def bound_color(bound: str) -> str:
    """Return the colour of a bound; grey for one this version does not know."""
    return BOUND_COLORS.get(bound, _OTHER)


def luminance(color: str) -> float:
    """Return the relative luminance of a colour such as "#0072B2", from 0 to 1 (WCAG 2.2)."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2); text needs 4.5."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink_on(ground: str) -> str:
    """Return black or white: which of them reads better on a ground. Either has a contrast of 4.5 or more with it."""
    return max((_ON_DARK, _ON_LIGHT), key=lambda ink: contrast(ink, ground))


def mark(report: int) -> str:
    """Return the shape of a report's points."""
    return MARKS[report % len(MARKS)]


def radius(time_share: float) -> float:
    """Return a bubble's radius as a fraction of the plot's width: its area goes with the share of time."""
    least, whole = RADIUS
    return max(least, whole * math.sqrt(max(0.0, time_share)))
