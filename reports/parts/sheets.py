"""A figure's sheet: heading, panels beside or below one another as the width allows, legend, note; all in inches.

Documents say what panels they need; where these stand follows from how wide the figure is to be (`Look`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof.reports.look import SLIDE_ASPECT, Look
from memprof.reports.parts.drawing import DPI, width_inches, wrap
from memprof.reports.parts.theme import FAINT, INK, WARN

_MARGIN, _GAP, _EDGE = 0.24, 0.28, 0.1
"""Inches left free at the sides, between panels beside one another, and above everything where there is no heading."""
_TITLE, _SUBTITLE, _NOTE, _LEGEND = 15.0, 10.0, 9.0, 9.5
"""Sizes of text in points."""
_LEAST_TITLE = 11.0
_FULL_INCHES = 12.0
_LEAST_FIT = 0.84
_LONGEST = 2000
"""How much smaller than its size text may be to fit one line, and the letters of one that is measured."""
_LINE = 1.35 / 72
"""Inches of a line of text of one point."""
_MOST_LINES = 2, 3, 6
"""Lines of title, subtitle and note."""
_LEGEND_ROW, _LEGEND_MARK, _LEGEND_GAP = 0.24, 0.17, 0.3
_LEAST_GROWN = 2.4


@dataclass(frozen=True, slots=True)
class Panel:
    """Axes to place: their height, what the words left of, below and above them take, and the least width, in inches.

    Panels share the width that their words leave by `share`; where that gives one less than `least`, fewer stand
    beside one another. One that `grows` takes the height that a slide leaves, or has less of it, and is at most
    `aspect` times as high as wide; one that `fills` is as high as those beside it. `names` is what words left of the
    first panel of a row take, which the others there share; `row` gives a panel a row of its own, the last.
    """

    height: float
    left: float = 0.0
    below: float = 0.1
    above: float = 0.3
    share: float = 1.0
    least: float = 3.0
    grows: bool = False
    names: float = 0.0
    row: bool = False
    aspect: float = math.inf
    fills: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the legend, and the colour that it explains."""

    color: str
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The lines above the panels; `mark` is what must not be overlooked, and stands there without a heading too."""

    title: str
    subtitle: str = ""
    mark: str = ""


def sheet(
    look: Look, heading: Heading, panels: Sequence[Panel], *, legend: Sequence[Entry] = (), note: str = ""
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its heading, legend and note, and the axes of its panels, in their order."""
    width = look.drawn_inches
    rows = _rows(panels, width)
    texts = _heading(heading, width, look.title)
    size = _fitting(note, _NOTE, width - 2 * _MARGIN)
    notes = wrap(note, size, width - 2 * _MARGIN, _MOST_LINES[2])
    shelves = _shelves(legend, width)
    head = sum(line.height for line in texts) + _EDGE
    foot = 0.1 + len(notes) * _NOTE * _LINE + len(shelves) * _LEGEND_ROW + 0.06
    heights = [_row_height(row, width) for row in rows]
    grown = _grown(look, rows, head + foot + sum(heights))
    height = head + foot + sum(heights) + grown * len(rows)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    _write_heading(figure, texts, height)
    axes, top = [], height - head
    for row, row_height in zip(rows, heights, strict=True):
        axes += _row(figure, row, top, (width, height), grown)
        top -= row_height + grown
    _write_foot(figure, shelves, notes, size)
    return figure, axes


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the heading: inches that it takes, and how it is written."""

    content: str
    size: float
    weight: str
    color: str
    height: float


def _heading(heading: Heading, width: float, is_titled: bool) -> list[_Line]:
    mark = [_Line(heading.mark, _SUBTITLE, "bold", WARN, 1.5 * _SUBTITLE * _LINE)] if heading.mark else []
    if not is_titled:
        return mark
    room = width - 2 * _MARGIN
    size = max(_LEAST_TITLE, _TITLE * min(1.0, width / _FULL_INCHES))
    title, subtitle = " ".join(heading.title.split()), " ".join(heading.subtitle.split())
    size, below = _fitting(title, size, room, "bold"), _fitting(subtitle, _SUBTITLE, room)
    lines = [_Line(line, size, "bold", INK, size * _LINE) for line in wrap(title, size, room, _MOST_LINES[0], "bold")]
    lines += mark
    return lines + [
        _Line(line, below, "normal", FAINT, below * _LINE) for line in wrap(subtitle, below, room, _MOST_LINES[1])
    ]


def _fitting(content: str, size: float, room: float, weight: str = "normal") -> float:
    """Return a size a little smaller, where text then fits one line, else the size itself."""
    smaller = 0.999 * size * room / max(1e-9, width_inches(content[:_LONGEST], size, weight))
    return smaller if _LEAST_FIT * size < smaller < size else size


def _write_heading(figure: Figure, lines: Sequence[_Line], height: float) -> None:
    width = figure.get_size_inches()[0]
    top = height - _EDGE
    for line in lines:
        style: dict[str, Any] = {
            "fontsize": line.size,
            "fontweight": line.weight,
            "color": line.color,
            "parse_math": False,
        }
        figure.text(_MARGIN / width, (top - 0.75 * line.height) / height, line.content, **style)
        top -= line.height


def _rows(panels: Sequence[Panel], width: float) -> list[tuple[Panel, ...]]:
    """Return the panels that stand beside one another, as many as have room."""
    if panels[-1].row and len(panels) > 1:
        return [*_rows(panels[:-1], width), (panels[-1],)]
    for count in range(len(panels), 1, -1):
        rows = [tuple(panels[start : start + count]) for start in range(0, len(panels), count)]
        if all(inches >= panel.least for row in rows for panel, inches in zip(row, _widths(row, width), strict=True)):
            return rows
    return [(panel,) for panel in panels]


def _widths(row: Sequence[Panel], width: float) -> list[float]:
    """Return the inches that the axes of a row's panels are wide."""
    room = width - 2 * _MARGIN - _GAP * (len(row) - 1) - row[0].names - sum(panel.left for panel in row)
    whole = sum(panel.share for panel in row)
    return [room * panel.share / whole for panel in row]


def _row_height(row: Sequence[Panel], width: float) -> float:
    """Return the inches that a row is high, with the words above and below its axes."""
    return max(
        panel.above + _height(panel, inches) + panel.below
        for panel, inches in zip(row, _widths(row, width), strict=True)
    )


def _height(panel: Panel, inches: float) -> float:
    return min(panel.height, panel.aspect * inches)


def _grown(look: Look, rows: Sequence[Sequence[Panel]], height: float) -> float:
    """Return by how many inches a row gets higher, so that all fill a slide."""
    growing = [panel for row in rows for panel in row if panel.grows]
    if not look.is_slide or len(growing) < sum(map(len, rows)):
        return 0.0
    missing = (look.drawn_inches * SLIDE_ASPECT - height) / len(rows)
    return max(missing, _LEAST_GROWN - min(panel.height for panel in growing))


def _row(figure: Figure, row: Sequence[Panel], top: float, size: tuple[float, float], grown: float) -> list[Axes]:
    left, axes = _MARGIN + row[0].names, []
    whole = _row_height(row, size[0])
    for panel, inches in zip(row, _widths(row, size[0]), strict=True):
        left += panel.left
        high = grown + (whole - panel.above - panel.below if panel.fills else _height(panel, inches))
        bottom = top - panel.above - high
        axes.append(figure.add_axes((left / size[0], bottom / size[1], inches / size[0], high / size[1])))
        left += inches + _GAP
    return axes


def _shelves(legend: Sequence[Entry], width: float) -> list[list[tuple[float, Entry]]]:
    """Return the words of the legend row by row, each with the inches from the left at which it begins."""
    shelves: list[list[tuple[float, Entry]]] = []
    at = width
    for entry in legend:
        inches = _LEGEND_MARK + width_inches(entry.text, _LEGEND)
        if not shelves or at + inches > width - _MARGIN:
            shelves.append([])
            at = _MARGIN
        shelves[-1].append((at, entry))
        at += inches + _LEGEND_GAP
    return shelves


def _write_foot(
    figure: Figure, shelves: Sequence[Sequence[tuple[float, Entry]]], notes: Sequence[str], size: float
) -> None:
    width, height = figure.get_size_inches()
    line = _NOTE * _LINE
    for place, note in enumerate(reversed(notes)):
        y = (0.1 + line * place) / height
        figure.text(_MARGIN / width, y, note, fontsize=size, color=FAINT, parse_math=False)
    for place, shelf in enumerate(reversed(shelves)):
        y = (0.1 + line * len(notes) + _LEGEND_ROW * (place + 0.5)) / height
        for x, entry in shelf:
            figure.text(x / width, y, "■", fontsize=12, color=entry.color, va="center")
            word = (x + _LEGEND_MARK) / width
            figure.text(word, y, entry.text, fontsize=_LEGEND, color=INK, va="center", parse_math=False)
