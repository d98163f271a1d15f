"""What figures are made of: text without formulas that is measured and wrapped, words on bars, plain axes."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from memprof.reports.parts import theme
from memprof.reports.parts.theme import FAINT, INK

DPI = 150
GROUND = "memprof_ground"
"""The attribute of a text that says on which colour it is written."""
_ELLIPSIS = "…"


@lru_cache(maxsize=4096)
def width_inches(content: str, size: float, weight: str = "normal") -> float:
    """Return how wide a line of text is in a size in points."""
    font = FontProperties(size=size, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may use any script
        width: float = text_to_path.get_text_width_height_descent(content, font, ismath=False)[0]
    return width / 72


def wrap(content: str, size: float, inches: float, most: int, weight: str = "normal") -> list[str]:
    """Return text in lines of at most some inches, `most` of them; what is left over, or too long, is cut off."""
    lines: list[str] = []
    for word in content.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_inches(longer, size, weight) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    cut = [*lines[: most - 1], " ".join(lines[most - 1 :])] if len(lines) > most else lines
    return [_cut(line, size, inches, weight) for line in cut]


def _cut(line: str, size: float, inches: float, weight: str) -> str:
    """Return a line, or as much of it as fits, with an ellipsis."""
    if width_inches(line[:2000], size, weight) <= inches and len(line) <= 2000:
        return line
    low, high = 0, min(len(line), 2000)
    while low < high:
        middle = (low + high + 1) // 2
        fits = width_inches(line[:middle] + _ELLIPSIS, size, weight) <= inches
        low, high = (middle, high) if fits else (low, middle - 1)
    return line[:low].rstrip() + _ELLIPSIS


def panel_title(axes: Axes, y: float, content: str, **style: Any) -> None:
    """Write what a panel shows above it; `y` is a fraction of its height."""
    usual = {"fontsize": 12, "fontweight": "bold", "color": INK, "parse_math": False}
    axes.text(0, y, content, transform=axes.transAxes, **{**usual, **style})


def write(axes: Axes, x: float, y: float, content: str, **style: Any) -> None:
    """Write text at a place of the data; a dollar sign in a name starts no formula."""
    axes.text(x, y, content, **{"color": INK, "va": "center", "fontsize": 9.5, "parse_math": False, **style})


def write_on(axes: Axes, x: float, y: float, content: str, ground: str, **style: Any) -> None:
    """Write text on a bar of the colour `ground`, in black or white, whichever reads better."""
    write(axes, x, y, content, color=theme.ink_on(ground), **style)
    setattr(axes.texts[-1], GROUND, ground)


def inches(axes: Axes) -> tuple[float, float]:
    """Return the width and height of axes."""
    box, figure = axes.get_window_extent(), axes.get_figure(root=True)
    dpi = figure.dpi if figure is not None else DPI
    return box.width / dpi, box.height / dpi


def published(axes: Axes, x: float, y: float, *, exact: bool) -> None:
    """Draw a diamond for what was published, a grey one where that network is not quite the same."""
    color = "white" if exact else theme.PALE
    axes.plot(x, y, "D", color=color, markeredgecolor=INK if exact else FAINT, markersize=7, zorder=5)


def beside(width: float, words: float) -> float:
    """Return by what to multiply the longest bar, in axes of a width, for words of some inches to fit beside it."""
    return 1 / max(0.4, 1 - words / width)


def name_x(axes: Axes, content: str, size: float = 9, **style: Any) -> None:
    """Name the x axis, in as many lines as its width asks for."""
    lines = wrap(content, size, 1.08 * inches(axes)[0], 3)
    axes.set_xlabel("\n".join(lines), fontsize=size, **{"color": INK, "parse_math": False, **style})


def plain(axes: Axes, size: float) -> None:
    """Leave of the frame only what is on the left and below, behind the data; `size` is that of the ticks' labels."""
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    for spine in ("left", "bottom"):
        axes.spines[spine].set_color(FAINT)
    axes.tick_params(which="both", labelsize=size, colors=FAINT, length=3)
    axes.set_axisbelow(True)
