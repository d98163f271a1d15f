"""Names beside the points of a plot, placed where they cover neither one another nor a point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from memprof.reports.parts.drawing import write
from memprof.reports.parts.theme import FAINT, INK
from memprof.reports.roofline.labels import Box, Label, Request, place

_WIDTH_OF_CHARACTER, _LINE = 0.62, 1.35
"""Of a character, in its font size."""
_RADIUS = 0.006
_ALLOWED = 1e-5
"""How much of the plot a label may share with another or with a point before it is left out."""


def label(
    axes: Axes,
    named: Sequence[tuple[float, float, str]],
    *,
    taken: Sequence[tuple[float, float]] = (),
    line: Sequence[tuple[float, float]] = (),
    size: float = 8.0,
) -> int:
    """Write names at points (x, y) of the data, first the first ones; those without room are left out.

    `taken` are points that no name may cover, `line` the corners of a line that names keep off if they can. Limits and
    scales must be set. Return how many were written.
    """
    width, height = _inches(axes)
    character = size / 72 * _WIDTH_OF_CHARACTER / width, size / 72 * _LINE / height
    spots = _fractions(axes, [(x, y) for x, y, _ in named])
    others = [_dot(x, y) for x, y in _fractions(axes, taken)]
    requests = [
        Request((name,), x, y, _RADIUS, _RADIUS * width / height)
        for (x, y), (_, _, name) in zip(spots, named, strict=True)
    ]
    dots = [_dot(x, y) for x, y in spots]
    segments = list(pairwise(_fractions(axes, line)))
    written: list[Label] = []
    for item in filter(None, place(requests, character, segments, [*others, *dots])):
        blocked = [*(other.box for other in written), *others, *dots]
        inside = item.box.left >= 0 and item.box.right <= 1 and item.box.bottom >= 0 and item.box.top <= 1
        if inside and sum(item.box.overlap(box) for box in blocked) <= _ALLOWED:
            written.append(item)
    for item in written:
        x, y = item.center
        if item.far:
            edge = item.edge
            line = ((item.request.x, edge[0]), (item.request.y, edge[1]))
            axes.plot(*line, color=FAINT, linewidth=0.5, alpha=0.7, transform=axes.transAxes, zorder=2)
        write(axes, x, y, item.request.lines[0], transform=axes.transAxes, ha="center", fontsize=size, color=INK)
    return len(written)


def _inches(axes: Axes) -> tuple[float, float]:
    figure = axes.get_figure(root=True)
    assert figure is not None
    box, size = axes.get_position(), figure.get_size_inches()
    return float(box.width * size[0]), float(box.height * size[1])


def _fractions(axes: Axes, places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return places of the data as fractions of the plot."""
    if not places:
        return []
    shown = axes.transAxes.inverted().transform(axes.transData.transform(np.array(places, dtype=np.float64)))
    return [(float(x), float(y)) for x, y in shown]


def _dot(x: float, y: float) -> Box:
    return Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS)
