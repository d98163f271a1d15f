"""Where the words of a roofline plot go, for a plot of given proportions. Places are fractions of the axes, y upwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.report import Report
from memprof.reports import captions, theme
from memprof.reports.geometry import Plot, Point, Ridge, Roof
from memprof.reports.labels import Box, Label, Request, Segment, place

_ALONG = tuple(step / 40 for step in range(0, 29))
_ABOVE = 0.012


@dataclass(frozen=True, slots=True)
class Canvas:
    """The proportions of a plot: its height over its width, and a character's width and height over the axes'."""

    aspect: float
    character: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Name:
    """Text that starts at a place (or ends there, if `at_end`), turned by `degrees` on the canvas, counterclockwise."""

    text: str
    x: float
    y: float
    degrees: float = 0.0
    at_end: bool = False


@dataclass(frozen=True, slots=True)
class Lead:
    """A callout's way: from the point along its height to its DRAM intensity, and up to what DRAM alone would allow."""

    point: Point
    start: tuple[float, float]
    corner: tuple[float, float]
    end: tuple[float, float]
    name: Name


@dataclass(frozen=True, slots=True)
class Scene:
    """All placed words of a plot."""

    roofs: tuple[tuple[Roof, Name], ...]
    ridges: tuple[tuple[Ridge, Name], ...]
    leads: tuple[Lead, ...]
    labels: tuple[tuple[Point, Label], ...]


def lay_out(plot: Plot, reports: Sequence[Report], canvas: Canvas) -> Scene:
    """Place the names of roofs where few points lie, then callouts and ridge points, then the labels of kinds."""
    bubbles = [bubble(plot, point, canvas) for point in plot.points]
    roofs: list[tuple[Roof, Name]] = []
    taken: list[Box] = []
    for roof in plot.roofs:
        name = _roof_name(plot, roof, captions.roof_label(plot, roof, reports), canvas, bubbles)
        roofs.append((roof, name))
        taken.append(_box(name, canvas))
    leads = tuple(_lead(plot, callout.point, (callout.dram_x, callout.dram_y), callout.text) for callout in plot.callouts)
    ridges = tuple((ridge, _ridge_name(plot, ridge)) for ridge in plot.ridges)
    taken += [_box(lead.name, canvas) for lead in leads] + [_box(name, canvas) for _, name in ridges]
    lines: list[Segment] = [_line(plot, roof) for roof in plot.roofs]
    lines += [line for lead in leads for line in ((lead.start, lead.corner), (lead.corner, lead.end))]
    wanted = captions.point_labels(plot, reports)
    requests = [_request(plot, point, text, canvas) for point, text in wanted]
    placed = place(requests, canvas.character, lines, [*taken, *bubbles])
    labels = tuple((point, label) for (point, _), label in zip(wanted, placed, strict=True))
    return Scene(tuple(roofs), ridges, leads, labels)


def bubble(plot: Plot, point: Point, canvas: Canvas) -> Box:
    """Return a square a little inside the circle of a point, as a circle leaves its square's corners free."""
    x, y = plot.fraction(point.x, point.y)
    reach = 0.85 * theme.radius(point.group.time_share)
    return Box(x - reach, y - reach / canvas.aspect, x + reach, y + reach / canvas.aspect)


def _line(plot: Plot, roof: Roof) -> Segment:
    return plot.fraction(*roof.start), plot.fraction(*roof.end)


def _roof_name(plot: Plot, roof: Roof, text: str, canvas: Canvas, bubbles: Sequence[Box]) -> Name:
    """Write along a slanted roof where it covers fewest bubbles; on a flat one at its right end."""
    (x0, y0), (x1, y1) = _line(plot, roof)
    if not roof.is_memory:
        return Name(text, 0.995, y1 + _ABOVE, at_end=True)
    degrees = math.degrees(math.atan2((y1 - y0) * canvas.aspect, x1 - x0))
    places = [(x0 + step * (x1 - x0), y0 + step * (y1 - y0)) for step in _ALONG]
    names = [Name(text, x + 0.004, y + _ABOVE, degrees) for x, y in places]
    return min(names, key=lambda name: _covered(name, canvas, bubbles))


def _covered(name: Name, canvas: Canvas, bubbles: Sequence[Box]) -> float:
    """Return how much of the bubbles a slanted name covers, with a small price for beginning far from the left."""
    length = len(name.text) * canvas.character[0]
    along, up = math.cos(math.radians(name.degrees)), math.sin(math.radians(name.degrees)) / canvas.aspect
    pieces = 8
    covered = 0.0
    for piece in range(pieces):
        x = name.x + along * length * piece / pieces
        y = name.y + up * length * piece / pieces
        part = Box(x, y, x + length / pieces, y + canvas.character[1])
        covered += sum(part.overlap(box) for box in bubbles)
    return covered + 0.0005 * name.x


def _box(name: Name, canvas: Canvas) -> Box:
    """Return the rectangle around a name, which for slanted ones is larger than what they cover."""
    lines = name.text.split("\n")
    width, height = max(map(len, lines)) * canvas.character[0], len(lines) * canvas.character[1]
    if name.degrees:
        along, up = math.cos(math.radians(name.degrees)), math.sin(math.radians(name.degrees)) / canvas.aspect
        return Box(name.x, name.y, name.x + along * width, name.y + up * width + canvas.character[1])
    left = name.x - width if name.at_end else name.x
    return Box(left, name.y - height / 2, left + width, name.y + height / 2)


def _lead(plot: Plot, point: Point, dram: tuple[float, float], text: str) -> Lead:
    start, end = plot.fraction(point.x, point.y), plot.fraction(*dram)
    corner = end[0], start[1]
    return Lead(point, start, corner, end, Name(text, end[0] + 0.01, (start[1] + end[1]) / 2))


def _ridge_name(plot: Plot, ridge: Ridge) -> Name:
    text = f"ridge point\n{words.engine(ridge.engine)}\n{units.intensity(ridge.x)} FLOP/byte"
    return Name(text, plot.fraction(ridge.x, ridge.y)[0] + 0.006, 0.06)


def _request(plot: Plot, point: Point, lines: tuple[str, ...], canvas: Canvas) -> Request:
    radius = theme.radius(point.group.time_share)
    return Request(lines, *plot.fraction(point.x, point.y), radius, radius / canvas.aspect)
