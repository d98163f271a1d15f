"""What figures are made of: titles, text without formulas, legends, plain axes, the PNG itself."""

from __future__ import annotations

import io
import warnings
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.theme import FAINT, INK

WIDTH_INCHES, DPI = 12.0, 150
_TITLE, _SUBTITLE = 0.4, 0.68
"""Inches from the upper edge to the title and to the line below it."""


def start(height: float, title: str, subtitle: str, heights: tuple[float, float] | None = None) -> Figure:
    """Return a figure 12 inches wide with a title and a line below it; both shrink where they are long.

    `heights` are where both stand, as fractions of the figure, if not at the usual distance from its edge.
    """
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, facecolor="white")
    of_title, of_subtitle = heights or (1 - _TITLE / height, 1 - _SUBTITLE / height)
    for y, content, size, weight, color in (
        (of_title, title, 15, "bold", INK),
        (of_subtitle, subtitle, 10, "normal", FAINT),
    ):
        line = " ".join(content.split())  # names may hold line breaks
        fitting = min(size, 1.62 * WIDTH_INCHES * 72 / max(1, len(line)))
        figure.text(0.02, y, line, fontsize=fitting, fontweight=weight, color=color, parse_math=False)
    return figure


def footnote(figure: Figure, content: str) -> None:
    """Write how to read the plot below it."""
    y = 0.18 / figure.get_size_inches()[1]
    figure.text(0.02, y, content, fontsize=9, color=FAINT, parse_math=False)


def legend_mark(figure: Figure, x: float, y: float, color: str, content: str) -> None:
    """Write a word with its colour before it, at fractions of the figure."""
    figure.text(x, y, "■", fontsize=12, color=color, va="center")
    figure.text(x + 0.014, y, content, fontsize=9.5, color=INK, va="center", parse_math=False)


def panel_title(axes: Axes, y: float, content: str, **style: Any) -> None:
    """Write what a panel shows above it; `y` is a fraction of its height."""
    usual = {"fontsize": 12, "fontweight": "bold", "color": INK, "parse_math": False}
    axes.text(0, y, content, transform=axes.transAxes, **{**usual, **style})


def write(axes: Axes, x: float, y: float, content: str, **style: Any) -> None:
    """Write text at a place of the data; a dollar sign in a name starts no formula."""
    axes.text(x, y, content, **{"color": INK, "va": "center", "fontsize": 9.5, "parse_math": False, **style})


def plain(axes: Axes, size: float) -> None:
    """Leave of the frame only what is on the left and below, behind the data; `size` is that of the ticks' labels."""
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    for spine in ("left", "bottom"):
        axes.spines[spine].set_color(FAINT)
    axes.tick_params(which="both", labelsize=size, colors=FAINT, length=3)
    axes.set_axisbelow(True)


def png(figure: Figure, dpi: int = DPI) -> bytes:
    """Return the figure as a PNG, with U+FFFD in its texts for characters that would turn or hide others."""
    for text in figure.findobj(Text):
        text.set_text(show_hidden(text.get_text()))
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may use any script
        figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()
