"""The key of a roofline: how large a bubble is for which share of the time, in a line above the plot."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from memprof.reports.parts import theme
from memprof.reports.parts.drawing import inches, width_inches
from memprof.reports.parts.theme import FAINT

_SHARES = (0.01, 0.05)
_SIZE, _TEXT = 8.0, "area: share of time"
_UP, _GAP, _APART = 0.155, 0.05, 0.12
"""Inches above the plot, between a circle and its word, and after a word."""


def draw(axes: Axes) -> None:
    """Draw circles of some shares of the time, with what they stand for, up to the right end of the axes."""
    width, height = inches(axes)
    style: dict[str, Any] = {
        "fontsize": _SIZE,
        "color": FAINT,
        "transform": axes.transAxes,
        "parse_math": False,
        "va": "center",
    }
    y, x = 1 + _UP / height, width
    for share in reversed(_SHARES):
        word, radius = f"{100 * share:.0f} %", theme.radius(share) * width
        x -= width_inches(word, _SIZE)
        axes.text(x / width, y, word, **style)
        x -= _GAP + radius
        axes.plot(
            x / width,
            y,
            "o",
            markersize=2 * radius * 72,
            markerfacecolor="none",
            markeredgecolor=FAINT,
            markeredgewidth=0.8,
            transform=axes.transAxes,
            clip_on=False,
        )
        x -= radius + _APART
    axes.text((x - width_inches(_TEXT, _SIZE)) / width, y, _TEXT, **style)
