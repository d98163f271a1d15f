"""Where everything of a chart lies, in percent of its plane: x from the left, y from the top."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from memprof.reports.charts import ticks
from memprof.reports.charts.records import Axis, Bar, Bars, Mark, Plot, Series

_MARGIN = 0.04
"""What is left free beside the data, of their span."""
_SIZE, _SMALL_SIZE = (1000.0, 340.0), (370.0, 192.0)
_CHARACTER, _LINE = 6.6, 15.0
"""Pixels of a chart on a wide screen, and of its labels' text: labels that would meet there are left out."""
_BESIDE, _DOT = 9.0, 5.0
_MOST_HEEDED = 80
"""Of how many marks labels keep off."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line's place and its text; `odd` ones lose their text on phones."""

    at: float
    text: str
    odd: bool


@dataclass(frozen=True, slots=True)
class Side:
    """Where a label stands beside its mark: pixels to the right and down, and which end of it is there."""

    dx: float
    dy: float
    anchor: str


_RIGHT, _LEFT = Side(_BESIDE, 4, "start"), Side(-_BESIDE, 4, "end")
_ABOVE, _BELOW = Side(0, -12, "middle"), Side(0, 20, "middle")
_TILTED = (Side(4, -9, "start"), Side(-4, -9, "end"), Side(4, 18, "start"), Side(-4, 18, "end"))
_SIDES = (_RIGHT, _LEFT, _ABOVE, _BELOW, *_TILTED)


@dataclass(frozen=True, slots=True)
class Spot:
    """A mark in its place; `label` stands where `side` says, or is none for lack of room."""

    mark: Mark
    color: str
    x: float
    y: float
    low: float | None
    high: float | None
    label: str
    side: Side
    dot: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A line as the attribute `d` of a path in a plane of 100 by 100."""

    d: str
    color: str
    dashed: bool
    name: str = ""
    end: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Plane:
    """Everything of a plot."""

    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    paths: tuple[Path, ...]
    guides: tuple[Path, ...]
    spots: tuple[Spot, ...]
    legend: tuple[tuple[str, str], ...]


def plane(plot: Plot) -> Plane:
    """Lay a plot out."""
    marks = [mark for series in plot.series for mark in series.marks]
    guided = [end for guide in plot.guides for end in guide.ends]
    of_x = _scale(plot.x, [*(mark.x for mark in marks), *(x for x, _ in guided)])
    ends = [end for mark in marks for end in (mark.y, mark.low, mark.high) if end is not None]
    of_y = _scale(plot.y, [*ends, *(y for _, y in guided)])
    lines = tuple(_path(series, of_x, of_y) for series in plot.series if series.line and len(series.marks) > 1)
    guides = tuple(
        Path(_through(of_x, of_y, guide.ends), guide.color, guide.dashed, guide.name, _end(of_x, of_y, guide.ends))
        for guide in plot.guides
    )
    return Plane(
        x_ticks=_ticks(plot.x, of_x),
        y_ticks=tuple(Tick(100 - tick.at, tick.text, tick.odd) for tick in _ticks(plot.y, of_y)),
        paths=lines,
        guides=guides,
        spots=_labelled(tuple(_spots(plot, of_x, of_y)), _SMALL_SIZE if plot.small else _SIZE),
        legend=tuple(dict.fromkeys((series.name, series.color) for series in plot.series if series.name)),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From data to percent along an axis."""

    low: float
    high: float
    log: bool

    def __call__(self, value: float) -> float:
        low, high, at = (map(math.log, (self.low, self.high, value))) if self.log else (self.low, self.high, value)
        return 100 * (at - low) / (high - low)

    def takes(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.log)


def _scale(axis: Axis, values: Sequence[float]) -> _Scale:
    drawn = [value for value in values if math.isfinite(value) and (value > 0 or not axis.log)] or [1.0]
    low, high = min(drawn), max(drawn)
    if axis.log:
        room = max((high / low) ** _MARGIN, 1.1)
        ends = low / room, high * room
    else:
        room = _MARGIN * (high - low) or abs(high) * 0.1 or 1.0
        ends = low - room, high + room
    first = ends[0] if axis.low is None else axis.low
    last = ends[1] if axis.high is None else axis.high
    return _Scale(first, last if last > first else first + 1.0, axis.log)


def _ticks(axis: Axis, scale: _Scale) -> tuple[Tick, ...]:
    at = ticks.logarithmic if axis.log else ticks.linear
    pairs = axis.ticks or tuple((value, axis.text(value)) for value in at(scale.low, scale.high))
    return tuple(
        Tick(scale(value), text, place % 2 == 1 and len(pairs) > 4)
        for place, (value, text) in enumerate(pairs)
        if scale.takes(value) and -1e-6 <= scale(value) <= 100 + 1e-6
    )


def _spots(plot: Plot, of_x: _Scale, of_y: _Scale) -> list[Spot]:
    def up(value: float | None) -> float | None:
        return None if value is None or not of_y.takes(value) else 100 - of_y(value)

    return [
        Spot(
            mark,
            mark.color or series.color,
            of_x(mark.x),
            100 - of_y(mark.y),
            up(mark.low),
            up(mark.high),
            mark.label,
            _ABOVE if series.line else _RIGHT,
            series.dots,
        )
        for series in plot.series
        for mark in series.marks
        if of_x.takes(mark.x) and of_y.takes(mark.y)
    ]


_Box = tuple[float, float, float, float]


def _labelled(spots: tuple[Spot, ...], size: tuple[float, float]) -> tuple[Spot, ...]:
    """Put each label on a side where it meets no mark and no label before it; take it away where there is none."""
    dots = spots if len(spots) <= _MOST_HEEDED else ()
    taken = [_dot_box(spot, size) for spot in dots if spot.dot]
    shown = []
    for spot in spots:
        if not spot.label:
            shown.append(spot)
            continue
        boxes = {side: _label_box(spot, side, size) for side in (spot.side, *_SIDES)}
        own = _dot_box(spot, size)
        others = [box for box in taken if box != own]
        side = next((side for side, box in boxes.items() if _inside(box, size) and not _meets(box, others)), None)
        if side is None:
            shown.append(replace(spot, label=""))
            continue
        taken.append(boxes[side])
        shown.append(replace(spot, side=side))
    return tuple(shown)


def _dot_box(spot: Spot, size: tuple[float, float]) -> _Box:
    x, y = spot.x / 100 * size[0], spot.y / 100 * size[1]
    return (x - _DOT, y - _DOT, x + _DOT, y + _DOT)


def _label_box(spot: Spot, side: Side, size: tuple[float, float]) -> _Box:
    width = len(spot.label) * _CHARACTER
    x, y = spot.x / 100 * size[0] + side.dx, spot.y / 100 * size[1] + side.dy
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[side.anchor]
    return (left, y - 0.8 * _LINE, left + width, y + 0.2 * _LINE)


def _inside(box: _Box, size: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[2] <= size[0] and box[1] >= -4 and box[3] <= size[1]


def _meets(box: _Box, others: Sequence[_Box]) -> bool:
    return any(box[0] < two[2] and two[0] < box[2] and box[1] < two[3] and two[1] < box[3] for two in others)


def _path(series: Series, of_x: _Scale, of_y: _Scale) -> Path:
    points = [(mark.x, mark.y) for mark in series.marks if of_x.takes(mark.x) and of_y.takes(mark.y)]
    return Path(_through(of_x, of_y, points), series.color, series.dashed)


def _through(of_x: _Scale, of_y: _Scale, points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{of_x(x):.2f} {100 - of_y(y):.2f}" for x, y in points)


def _end(of_x: _Scale, of_y: _Scale, points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    x, y = max(points)
    return min(100.0, of_x(x)), max(0.0, 100 - of_y(y))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar in its place."""

    x: float
    width: float
    color: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A bar in its place."""

    bar: Bar
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything of bars: `zero` is where their scale has its zero, None at its left end."""

    strips: tuple[Strip, ...]
    zero: float | None
    ticks: tuple[Tick, ...]
    legend: tuple[tuple[str, str], ...]


def stack(bars: Bars) -> Stack:
    """Lay bars out on one scale from the least to the greatest of their ends, zero among them."""
    pieces = [_pieces(bar) for bar in bars.bars]
    ends = [0.0, *(end for own in pieces for start, length, _ in own for end in (start, start + length))]
    low, high = min(ends), max(ends)
    scale = _Scale(low, high if high > low else low + 1.0, log=False)
    span: Callable[[float], float] = lambda length: scale(low + length)  # noqa: E731
    return Stack(
        strips=tuple(
            Strip(bar, tuple(Piece(scale(start), span(length), color) for start, length, color in own))
            for bar, own in zip(bars.bars, pieces, strict=True)
        ),
        zero=scale(0.0) if low < 0 else None,
        ticks=tuple(
            Tick(scale(at), ticks.plain(at), place % 2 == 1)
            for place, at in enumerate(ticks.linear(scale.low, scale.high))
        ),
        legend=tuple(dict.fromkeys((part.name, part.color) for bar in bars.bars for part in bar.parts if part.name)),
    )


def _pieces(bar: Bar) -> list[tuple[float, float, str]]:
    """Return start, length and colour of each part: one after another, each to the side that its sign says."""
    places = [bar.start]
    for part in bar.parts:
        places.append(places[-1] + part.value)
    return [
        (min(start, end), abs(end - start), part.color)
        for (start, end), part in zip(pairwise(places), bar.parts, strict=True)
    ]
