"""The roofline plot in pixels of an SVG, from the same geometry as the PNG; the page's template writes the elements.

Not matplotlib's own SVG: it knows no classes, tooltips or themes, so that a page could neither restyle nor switch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units
from memprof.report.digest import Digest
from memprof.reports.parts import theme
from memprof.reports.roofline import captions, geometry
from memprof.reports.roofline.geometry import Plot, Point
from memprof.reports.roofline.plot import build_plot
from memprof.reports.roofline.scene import Canvas, Name, Scene, Stem, lay_out

WIDTH = 920.0
_LEFT, _RIGHT, _TOP = 92.0, 905.0, 30.0
_BOTTOM, _RAIL_TOP, _RAIL_BOTTOM = 490.0, 502.0, 542.0
_CHARACTER, _LINE = 7.3, 16.0
_ROW = 16.0
_HEAD = 3.4, 8.0
"""Half of the width of an arrow's head, and its length."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line's place on its axis and its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; `kind` is a class of the style sheet, `color` overrides its stroke, `report` an index or -1."""

    x0: float
    y0: float
    x1: float
    y1: float
    kind: str
    color: str = ""
    report: int = -1


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of text; `y` is the baseline of the first, `degrees` turn it clockwise around its start."""

    x: float
    y: float
    lines: tuple[str, ...]
    kind: str
    degrees: float = 0.0
    color: str = ""
    report: int = -1

    @property
    def spacing(self) -> float:
        """Return the distance of baselines."""
        return _ROW


@dataclass(frozen=True, slots=True)
class Bubble:
    """One point: its outline as SVG path data, and what to say when a reader points at it."""

    path: str
    color: str
    kind: str
    report: int
    tip: str


@dataclass(frozen=True, slots=True)
class Ring:
    """What the roofs allow a point: a small circle around a place, in the point's colour."""

    x: float
    y: float
    color: str
    report: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow from a measured point to what the roofs allow: its shaft and its head as SVG path data."""

    shaft: str
    head: str
    report: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything the SVG shows, back to front."""

    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    bubbles: tuple[Bubble, ...]
    rings: tuple[Ring, ...]
    arrows: tuple[Arrow, ...]
    texts: tuple[Text, ...]
    has_rail: bool
    has_ceilings: bool = False
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM
    rail_top: float = _RAIL_TOP
    rail_bottom: float = _RAIL_BOTTOM

    @property
    def floor(self) -> float:
        """Return the lower edge of what is drawn, below which the x axis is labelled."""
        return self.rail_bottom if self.has_rail else self.bottom


def draw(digests: Sequence[Digest]) -> Drawing:
    """Lay the plot of the reports out in pixels."""
    plot = build_plot(digests)
    width, height = _RIGHT - _LEFT, _BOTTOM - _TOP
    scene = lay_out(plot, digests, Canvas(height / width, (_CHARACTER / width, _LINE / height)))
    x_ticks = [Tick(_x(plot.fraction(x, None)[0]), units.number(x, 1)) for x in geometry.decades(plot.x_limits)]
    y_ticks = [Tick(_y(plot.fraction(None, y)[1]), units.flops_per_second(y)) for y in geometry.decades(plot.y_limits)]
    points = [_placed(plot, point) for point in plot.points]
    rail, rail_texts = _rail(plot, digests)
    return Drawing(
        x_ticks=tuple(x_ticks),
        y_ticks=tuple(y_ticks),
        lines=_lines(plot, scene),
        rings=tuple(
            Ring(*_pixel(stem.end), theme.color(stem.point.group.kind), stem.point.report)
            for stem in scene.stems
            if not stem.is_arrow
        ),
        arrows=tuple(_arrow(stem) for stem in scene.stems if stem.is_arrow),
        bubbles=(*points, *rail),
        texts=(*_texts(scene), *rail_texts),
        has_rail=bool(plot.rail),
        has_ceilings=bool(plot.ceilings),
    )


def _lines(plot: Plot, scene: Scene) -> tuple[Line, ...]:
    lines = []
    for ridge in plot.ridges:
        x, y = _pixel(plot.fraction(ridge.x, ridge.y))
        lines.append(Line(x, y, x, _BOTTOM, "ridge"))
    for roof in plot.roofs:
        kind = "roof" if roof.device == 0 else "roof other"
        lines.append(Line(*_pixel(plot.fraction(*roof.start)), *_pixel(plot.fraction(*roof.end)), kind))
    for ceiling in plot.ceilings:
        start, end = _pixel(plot.fraction(*ceiling.start)), _pixel(plot.fraction(*ceiling.end))
        color = theme.bound_color(ceiling.point.group.bound)
        lines.append(Line(*start, *end, "ceiling", color, ceiling.point.report))
    for stem in scene.stems:
        if not stem.is_arrow:
            color = theme.color(stem.point.group.kind)
            lines.append(Line(*_pixel(stem.start), *_pixel(stem.end), "stem", color, stem.point.report))
    for lead in scene.leads:
        color, report = theme.color(lead.point.group.kind), lead.point.report
        lines.append(Line(*_pixel(lead.start), *_pixel(lead.corner), "lead", color, report))
        lines.append(Line(*_pixel(lead.corner), *_pixel(lead.end), "lead up", color, report))
    for point, label in scene.labels:
        if label.far:
            start, end = _pixel((label.request.x, label.request.y)), _pixel(label.edge)
            lines.append(Line(*start, *end, "leader", theme.color(point.group.kind), point.report))
    return tuple(lines)


def _texts(scene: Scene) -> tuple[Text, ...]:
    texts = [_name(name, "roof-name", above=4) for _, name in scene.roofs]
    texts += [_name(name, "ridge-name") for _, name in scene.ridges]
    texts += [_name(name, "ceiling-name", report=item.point.report) for item, name in scene.ceilings]
    for lead in scene.leads:
        texts.append(_name(lead.name, "lead-name", color=theme.color(lead.point.group.kind), report=lead.point.report))
    for point, label in scene.labels:
        x, y = _pixel(label.center)
        lines = label.request.lines
        texts.append(Text(x, _first_baseline(y, len(lines)), lines, "label", report=point.report))
    return tuple(texts)


def _name(name: Name, kind: str, above: float = 0.0, color: str = "", report: int = -1) -> Text:
    x, y = _pixel((name.x, name.y))
    lines = tuple(name.text.split("\n"))
    baseline = y - above if above else _first_baseline(y, len(lines))
    return Text(x, baseline, lines, kind, -name.degrees, color, report)


def _first_baseline(middle: float, lines: int) -> float:
    return middle - (lines - 1) * _ROW / 2 + 4


def _rail(plot: Plot, digests: Sequence[Digest]) -> tuple[list[Bubble], list[Text]]:
    """Lay out what computes nothing, from the left, largest first."""
    if not plot.rail:
        return [], []
    x, middle = _LEFT + 8, (_RAIL_TOP + _RAIL_BOTTOM) / 2
    bubbles = []
    for point in plot.rail:
        radius = min(_radius(point), (_RAIL_BOTTOM - _RAIL_TOP) / 2)
        bubbles.append(_bubble(point, (x + radius, middle), radius))
        x += 2 * radius + 4
    name = Text(x + 6, middle + 4, (captions.rail_label(plot, digests),), "rail-name")
    return bubbles, [name, Text(_LEFT - 8, middle + 4, (captions.RAIL,), "tick end")]


def _arrow(stem: Stem) -> Arrow:
    """Return an arrow whose tip touches the end of a stem; it points down where the point lies above its roof."""
    (x, start), (_, tip) = _pixel(stem.start), _pixel(stem.end)
    back = tip + (_HEAD[1] if stem.end[1] > stem.start[1] else -_HEAD[1])
    corners = ((x, tip), (x - _HEAD[0], back), (x + _HEAD[0], back))
    head = "M" + "L".join(f"{at:.1f} {y:.1f}" for at, y in corners) + "z"
    return Arrow(f"M{x:.1f} {start:.1f}V{tip:.1f}", head, stem.point.report)


def _bubble(point: Point, place: tuple[float, float], radius: float) -> Bubble:
    path = outline(theme.mark(point.report), *place, radius)
    return Bubble(path, theme.color(point.group.kind), point.group.kind, point.report, point.text)


def _placed(plot: Plot, point: Point) -> Bubble:
    """Return the mark of a point, at an edge an arrow to beyond it."""
    place, (right, up) = _pixel(plot.fraction(point.x, point.y)), plot.edge(point)
    if (right, up) == (0, 0):
        return _bubble(point, place, _radius(point))
    (width, length), (x, y) = _HEAD, place
    along, across = (right, 0) if right else (0, -up)
    base = x - along * length, y - across * length
    corners = (
        place,
        (base[0] + across * width, base[1] + along * width),
        (base[0] - across * width, base[1] - along * width),
    )
    path = "M" + "L".join(f"{at:.1f} {down:.1f}" for at, down in corners) + "z"
    return Bubble(path, theme.color(point.group.kind), point.group.kind, point.report, point.text)


def outline(mark: str, x: float, y: float, radius: float) -> str:
    """Return the SVG path of a mark around a place, of the area of a circle of `radius`."""
    if mark == "o":
        arc = f"a{radius:.1f} {radius:.1f} 0 1 0"
        return f"M{x - radius:.1f} {y:.1f}{arc} {2 * radius:.1f} 0{arc} {-2 * radius:.1f} 0z"
    size = radius * theme.MARK_SCALES[mark]
    diagonal = size * 1.414
    side, half = 0.87 * size, size / 2
    corners = {
        "s": ((-size, -size), (size, -size), (size, size), (-size, size)),
        "D": ((0, -diagonal), (diagonal, 0), (0, diagonal), (-diagonal, 0)),
        "^": ((-size, size), (0, -size), (size, size)),
        "v": ((-size, -size), (size, -size), (0, size)),
        "h": ((0, -size), (side, -half), (side, half), (0, size), (-side, half), (-side, -half)),
    }[mark]
    return "M" + "L".join(f"{x + dx:.1f} {y + dy:.1f}" for dx, dy in corners) + "z"


def _radius(point: Point) -> float:
    return theme.radius(point.group.time_share) * (_RIGHT - _LEFT)


def _pixel(place: tuple[float, float]) -> tuple[float, float]:
    return _x(place[0]), _y(place[1])


def _x(fraction: float) -> float:
    return _LEFT + fraction * (_RIGHT - _LEFT)


def _y(fraction: float) -> float:
    return _BOTTOM - fraction * (_BOTTOM - _TOP)
