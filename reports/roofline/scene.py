"""Where the words of a roofline plot go, given its proportions. Places are fractions of the axes, y upwards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.report.digest import Digest
from memprof.reports.parts import theme
from memprof.reports.roofline import captions
from memprof.reports.roofline.geometry import Callout, Ceiling, Plot, Point, Ridge, Roof
from memprof.reports.roofline.labels import Box, Boxes, Label, Request, Segment, place

_ALONG = tuple(step / 40 for step in range(29))
_ABOVE = 0.012
_PARTS = 12
_LINE_PRICE = 0.002
"""What touching an 80th of a line costs a name, as an area of bubbles."""
_PIECES = 80
"""Into which a roof is taken apart, to see what a name would hide of it."""
_RIDGE_NAME_Y = 0.06
_SMALL = 0.018
"""The width of a character from which a plot has room for few words."""
_RING = 0.006
"""Half of the width that a ring and its stem take up."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """The proportions of a plot: its height over its width, and a character's width and height over the axes'."""

    aspect: float
    character: tuple[float, float]

    @property
    def is_small(self) -> bool:
        """Return whether there is room for few words only."""
        return self.character[0] > _SMALL


@dataclass(frozen=True, slots=True)
class Name:
    """Text that starts at a place, turned by `degrees` on the canvas, counterclockwise."""

    text: str
    x: float
    y: float
    degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class Lead:
    """A callout's way: from the point's ring along its height to its DRAM intensity, and up to the DRAM roof there."""

    point: Point
    start: tuple[float, float]
    corner: tuple[float, float]
    end: tuple[float, float]
    name: Name


@dataclass(frozen=True, slots=True)
class Stem:
    """The thin line from a point, at its speed, to what the roofs allow: to a ring, of a measured point an arrow."""

    point: Point
    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def is_arrow(self) -> bool:
        """Return whether the line ends in an arrow's head, not in a ring."""
        return self.point.is_measured


@dataclass(frozen=True, slots=True)
class Scene:
    """All placed words of a plot, and the lines that belong to points; a small one names no ridges nor ceilings."""

    roofs: tuple[tuple[Roof, Name], ...]
    ridges: tuple[tuple[Ridge, Name], ...]
    leads: tuple[Lead, ...]
    stems: tuple[Stem, ...]
    labels: tuple[tuple[Point, Label], ...]
    ceilings: tuple[tuple[Ceiling, Name], ...] = ()


def lay_out(plot: Plot, digests: Sequence[Digest], canvas: Canvas) -> Scene:
    """Place the names of roofs where few points lie, then callouts and ridge points, then the labels of kinds."""
    bubbles = [bubble(plot, point, canvas) for point in plot.points]
    stems = tuple(
        Stem(point, plot.fraction(point.x, point.y), plot.fraction(point.x, point.roof))
        for point in plot.points
        if point.has_stem and plot.edge(point) == (0, 0)
    )
    bubbles += [_surrounding_box(stem) for stem in stems]
    roofs: list[tuple[Roof, Name]] = []
    taken: list[Box] = []
    beneath = {id(roof): _along(_line(plot, roof)) for roof in plot.roofs}
    for roof in plot.roofs:
        others = [part for key, parts in beneath.items() if key != id(roof) for part in parts]
        occupied = [*bubbles, *others, *(part for _, name in roofs for part in _parts(name, canvas))]
        name = _roof_name(plot, roof, captions.roof_label(plot, roof, digests), canvas, Boxes(occupied))
        roofs.append((roof, name))
        taken += _parts(name, canvas)
    leads = tuple(_lead(plot, callout, canvas, Boxes([*bubbles, *taken])) for callout in plot.callouts)
    ridges = () if canvas.is_small else tuple(_ridges(plot, canvas))
    taken += [_box(lead.name, canvas) for lead in leads] + [_box(name, canvas) for _, name in ridges]
    lines: list[Segment] = [_line(plot, roof) for roof in plot.roofs]
    dashes = [(plot.fraction(*item.start), plot.fraction(*item.end)) for item in plot.ceilings]
    drawn = [part for line in (*lines, *dashes) for part in _along(line)]
    ceilings: list[tuple[Ceiling, Name]] = []
    for item in () if canvas.is_small else plot.ceilings:
        name = _ceiling_name(plot, item, canvas, Boxes(bubbles), Boxes([*drawn, *taken]))
        ceilings.append((item, name))
        taken.append(_box(name, canvas))
    lines += dashes
    lines += [line for lead in leads for line in ((lead.start, lead.corner), (lead.corner, lead.end))]
    wanted = captions.point_labels(plot, digests, small=canvas.is_small)
    requests = [_request(plot, point, text, canvas) for point, text in wanted]
    placed = place(requests, canvas.character, lines, [*taken, *bubbles])
    labels = tuple((point, label) for (point, _), label in zip(wanted, placed, strict=True) if label)
    return Scene(tuple(roofs), ridges, leads, stems, labels, tuple(ceilings))


def bubble(plot: Plot, point: Point, canvas: Canvas) -> Box:
    """Return a square a little inside the circle of a point, as a circle leaves its square's corners free."""
    return _square(plot, point, canvas, 0.85)


def _square(plot: Plot, point: Point, canvas: Canvas, part: float) -> Box:
    x, y = plot.fraction(point.x, point.y)
    reach = part * theme.radius(point.group.time_share)
    return Box(x - reach, y - reach / canvas.aspect, x + reach, y + reach / canvas.aspect)


def _along(line: Segment) -> list[Box]:
    """Return small boxes along a line, so that no name is written across it."""
    (x0, y0), (x1, y1) = line
    steps = [(x0 + part * (x1 - x0) / _PIECES, y0 + part * (y1 - y0) / _PIECES) for part in range(_PIECES + 1)]
    across = abs(x1 - x0) / _PIECES / 2
    return [Box(x - across, y - _RING, x + across, y + _RING) for x, y in steps]


def _surrounding_box(stem: Stem) -> Box:
    low, high = sorted((stem.start[1], stem.end[1]))
    return Box(stem.end[0] - _RING, low, stem.end[0] + _RING, high + _RING)


def _line(plot: Plot, roof: Roof) -> Segment:
    return plot.fraction(*roof.start), plot.fraction(*roof.end)


def _roof_name(plot: Plot, roof: Roof, text: str, canvas: Canvas, bubbles: Boxes) -> Name:
    """Write a roof's name where it hides least, of a slanted one near the left, of a flat one near the right."""
    (x0, y0), (x1, y1) = _line(plot, roof)
    places = [(x0 + step * (x1 - x0), y0 + step * (y1 - y0)) for step in _ALONG]
    if roof.is_memory:
        degrees = math.degrees(math.atan2((y1 - y0) * canvas.aspect, x1 - x0))
        names = [Name(text, x + 0.014, y + 0.014 * (y1 - y0) / max(1e-9, x1 - x0) + _ABOVE, degrees) for x, y in places]
        return min(names, key=lambda name: _cover(name, canvas, bubbles) + 0.0005 * name.x)
    length = len(text) * canvas.character[0]
    ends = [0.995, *(x for x, _ in reversed(places) if x - length > x0)]
    beside = _ABOVE, -_ABOVE - canvas.character[1]
    names = [Name(text, x - length, y1 + above) for above in beside for x in ends]
    return min(names, key=lambda name: _cover(name, canvas, bubbles) + 0.0005 * (1 - name.x) + 0.0003 * (name.y < y1))


def _ceiling_name(plot: Plot, ceiling: Ceiling, canvas: Canvas, taken: Boxes, lines: Boxes) -> Name:
    """Write an effective ceiling's name, in one line or two, at one of its ends, above or below, where it hides least.

    `lines` are small boxes along all lines and names, of which it should touch none.
    """
    (x0, y), (x1, _) = plot.fraction(*ceiling.start), plot.fraction(*ceiling.end)
    names = []
    for text in (ceiling.label, ceiling.label.replace(" ", "\n", 1)):
        width, height = _size(text, canvas)
        ends = x1 + 0.006, x0 - width - 0.006
        names += [Name(text, x, y) for x in ends]
        for beyond in (0.006, 0.03, 0.06):
            levels = y + height / 2 + beyond, y - height / 2 - beyond
            names += [Name(text, x, level) for level in levels for x in (x1 - width, x0, *ends)]
    fitting = [name for name in names if name.x > 0 and name.x + _size(name.text, canvas)[0] < 1] or names[:1]

    def price(name: Name) -> float:
        box = _box(name, canvas)
        return taken.overlap(box) + _LINE_PRICE * lines.touching(box) + 0.01 * abs(name.y - y)

    return min(fitting, key=price)


def _cover(name: Name, canvas: Canvas, boxes: Boxes) -> float:
    """Return how much of the boxes a name covers."""
    return sum(boxes.overlap(part) for part in _parts(name, canvas))


def _parts(name: Name, canvas: Canvas) -> list[Box]:
    """Return small boxes along a name, which cover a slanted one closely."""
    length = len(name.text) * canvas.character[0]
    along, up = math.cos(math.radians(name.degrees)), math.sin(math.radians(name.degrees)) / canvas.aspect
    step = length / _PARTS
    starts = [(name.x + along * step * part, name.y + up * step * part) for part in range(_PARTS)]
    return [Box(x, y, x + step, y + canvas.character[1]) for x, y in starts]


def _size(text: str, canvas: Canvas) -> tuple[float, float]:
    """Return the width and height of text."""
    lines = text.split("\n")
    return max(map(len, lines)) * canvas.character[0], len(lines) * canvas.character[1]


def _box(name: Name, canvas: Canvas) -> Box:
    """Return the rectangle around an upright name, centred on its height."""
    width, height = _size(name.text, canvas)
    return Box(name.x, name.y - height / 2, name.x + width, name.y + height / 2)


def _lead(plot: Plot, callout: Callout, canvas: Canvas, taken: Boxes) -> Lead:
    """Name a callout's way where that hides least: beside its end, above it, or below the way."""
    start, end = plot.fraction(callout.point.x, callout.point.roof), plot.fraction(callout.dram_x, callout.dram_y)
    width, height = _size(callout.text, canvas)
    middle, below = (start[1] + end[1]) / 2, start[1] - height / 2 - 0.02
    places = [
        *((end[0] + beside, middle) for beside in (0.01, 0.03, 0.06)),
        (end[0] - width / 2, end[1] + height / 2 + 0.03),
    ]
    places += [(start[0] + step * max(0.0, end[0] - start[0]), below) for step in (0.85, 0.6, 0.4, 0.2)]
    boxes = [(Name(callout.text, x, y), order) for order, (x, y) in enumerate(places) if x + width < 1]
    name, _ = min(
        boxes or [(Name(callout.text, *places[0]), 0)],
        key=lambda item: taken.overlap(_box(item[0], canvas)) + 0.00002 * item[1],
    )
    return Lead(callout.point, start, (end[0], start[1]), end, name)


def _ridges(plot: Plot, canvas: Canvas) -> Iterable[tuple[Ridge, Name]]:
    """Name the ridge points near the axis; one that would cover its left neighbour's name goes above it."""
    right, y = -1.0, _RIDGE_NAME_Y
    for ridge in sorted(plot.ridges, key=lambda item: item.x):
        engine = words.engine(ridge.engine, plot.devices[ridge.device].family)
        lines = ("ridge point", engine, f"{units.intensity(ridge.x)} FLOP/byte")
        at, width = plot.fraction(ridge.x, ridge.y)[0], max(map(len, lines)) * canvas.character[0]
        x = at + 0.006 if at + width < 1 else at - 0.006 - width
        lowest = max(_RIDGE_NAME_Y, 1.6 * canvas.character[1])
        y = y + 3.5 * canvas.character[1] if x < right else lowest
        right = x + width
        yield ridge, Name("\n".join(lines), x, y)


def _request(plot: Plot, point: Point, lines: tuple[str, ...], canvas: Canvas) -> Request:
    radius = theme.radius(point.group.time_share)
    kind = point.group.kind
    strangers = tuple(_square(plot, other, canvas, 1.0) for other in plot.points if other.group.kind != kind)
    return Request(lines, *plot.fraction(point.x, point.y), radius, radius / canvas.aspect, strangers)
