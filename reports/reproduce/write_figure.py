"""Figures of a reproduction: the paper's figure, published and predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof.papers.reproduction import Reproduction
from memprof.reports.parts import drawing
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK, SERIES_COLORS
from memprof.reports.reproduce import words
from memprof.reports.reproduce.points import Point, points
from memprof.reports.roofline import labelling
from memprof.reports.writer import RenderOptions

_PLACES = 25
_NOTE = (
    "Rings: published throughput. Dots: predicted, with the error that such predictions typically have. Accuracies are "
    "published, not computed."
)


def draw(reproduction: Reproduction, options: RenderOptions) -> Figure:
    """Draw accuracy against training throughput."""
    condition = reproduction.condition(reproduction.figure_condition)
    subtitle = f"{condition.words}, batch {condition.batch_size}. {words.concluded(reproduction)}"
    heading = Heading(f"{reproduction.title.partition(':')[0]}, {reproduction.figure}", subtitle)
    legend = [Entry(color, name) for name, color in _colors(points(reproduction)).items()]
    panel = Panel(6.4, left=0.55, below=0.5, above=0.15, grows=True, aspect=0.8)
    figure, (axes,) = sheet(options.look, heading, [panel], legend=legend, note=_NOTE)
    _draw(axes, reproduction)
    return figure


def panels(reproduction: Reproduction) -> tuple[str, ...]:
    """Return the names of the panels: the one figure."""
    return (reproduction.figure,)


def draw_on(axes: Axes, reproduction: Reproduction, what: str) -> None:
    """Draw the figure on axes."""
    _draw(axes, reproduction)


def _draw(axes: Axes, reproduction: Reproduction) -> None:
    found = points(reproduction)
    colors = _colors(found)
    _decorate(axes, found)
    for point in found:
        _point(axes, point, colors[point.family])
    labelling.label(
        axes,
        [(point.published, point.accuracy, point.label) for point in found],
        taken=[(x, point.accuracy) for point in found for x in _along(point)],
    )


def _colors(found: Sequence[Point]) -> dict[str, str]:
    return {name: SERIES_COLORS[place] for place, name in enumerate(dict.fromkeys(item.family for item in found))}


def _point(axes: Axes, point: Point, color: str) -> None:
    at = point.accuracy
    axes.plot((point.published, point.predicted), (at, at), color=color, linewidth=0.9, alpha=0.6)
    if point.relative_error:
        axes.plot(point.span, (at, at), color=color, linewidth=2.6, alpha=0.35, solid_capstyle="butt")
    axes.plot(point.published, at, "o", color="white", markeredgecolor=color, markersize=7, zorder=3)
    axes.plot(point.predicted, at, "o", color=color, markersize=5.5, zorder=4)


def _along(point: Point) -> list[float]:
    """Return places on what is drawn of a point besides its ring, so that no name lies on it."""
    ends = [*point.span, point.predicted, point.published]
    return [float(x) for x in np.geomspace(min(ends), max(ends), _PLACES)]


def _decorate(axes: Axes, found: Sequence[Point]) -> None:
    ends = [end for point in found for end in (*point.span, point.published)] or [100.0, 1000.0]
    axes.set_xscale("log")
    axes.set_xlim(min(ends) / 1.12, max(ends) * 1.12)
    accuracies = [point.accuracy for point in found] or [75.0, 85.0]
    axes.set_ylim(min(accuracies) - 0.7, max(accuracies) + 0.7)
    ticks = [tick for tick in (100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000) if min(ends) / 1.12 < tick]
    ticks = [tick for tick in ticks if tick < max(ends) * 1.12]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    drawing.plain(axes, 9)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_xlabel("images/s in training", fontsize=10, color=INK)
    axes.set_ylabel("ImageNet top-1 in percent, published", fontsize=10, color=INK)
    axes.xaxis.label.set_color(FAINT)
    axes.yaxis.label.set_color(FAINT)
