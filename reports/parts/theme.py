"""Colours and marks of the plot, the same in the PNG and on the page, and how large a bubble is.

Colours: the palette of Okabe and Ito (2008) for readers who are colour-blind, extended by muted tones of Paul Tol's.
"""

from __future__ import annotations

import math

KIND_COLORS = {
    "convolution": "#0072B2",
    "depthwise convolution": "#D55E00",
    "matmul": "#56B4E9",
    "attention": "#CC79A7",
    "normalization": "#009E73",
    "elementwise": "#E69F00",
    "reduction": "#882255",
    "pooling": "#999933",
    "layout": "#7F7F7F",
    "optimizer": "#332288",
    "unknown": "#AAAAAA",
}
BOUND_COLORS = {
    "dram": "#1F4E79",
    "l2": "#4A86B8",
    "l1": "#8DB8DA",
    "tensor": "#8A5A00",
    "fp32": "#C98A1B",
    "fp16": "#E3B862",
    "launch": "#5F5F5F",
    "host": "#9B9B9B",
}
"""What sets the time: memory in blues, arithmetic in browns, and in greys what is no ceiling of the device."""
DEVICE_COLORS = ("#3E8E6E", "#CC79A7", "#D55E00", "#9B9B9B")
"""Parts of a device's time: computing, communication with nothing beside, waiting for launches, otherwise idle."""
_OTHER = "#AAAAAA"
MARKS = ("o", "s", "D", "^", "v", "h")
"""Shapes of the points of the first, second, ... report, by matplotlib's names."""
MARK_SCALES = {"o": 1.0, "s": 0.89, "D": 0.89, "^": 1.25, "v": 1.25, "h": 1.05}
"""What to multiply a circle's diameter by for a mark of the same area."""
_RADIUS_OF_ALL = 0.085
_LEAST_RADIUS = 0.0045


def color(kind: str) -> str:
    """Return the colour of a kind of operator; grey for one this version does not know."""
    return KIND_COLORS.get(kind, _OTHER)


def bound_color(bound: str) -> str:
    """Return the colour of a bound; grey for one this version does not know."""
    return BOUND_COLORS.get(bound, _OTHER)


def mark(report: int) -> str:
    """Return the shape of a report's points."""
    return MARKS[report % len(MARKS)]


def radius(time_share: float) -> float:
    """Return a bubble's radius as a fraction of the plot's width: its area goes with the share of time."""
    return max(_LEAST_RADIUS, _RADIUS_OF_ALL * math.sqrt(max(0.0, time_share)))
