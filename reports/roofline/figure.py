"""Draws the roofline plot with matplotlib's objects, without pyplot: no window system and no global state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import units
from memprof.comparisons import reports as side_by_side
from memprof.report.digest import Digest
from memprof.reports.look import Look
from memprof.reports.parts import theme
from memprof.reports.parts.drawing import inches, name_x, wrap
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK, PANEL
from memprof.reports.roofline import bars, captions, geometry, key
from memprof.reports.roofline.geometry import Plot, Point
from memprof.reports.roofline.plot import build_plot, hidden_share
from memprof.reports.roofline.scene import Canvas, Scene, lay_out

_RAIL_INCHES, _RAIL_GAP = 0.35, 0.1
_LEAST_PLOT, _LEAST_BARS, _LEAST_MULTIPLE = 4.6, 2.3, 2.7
"""Inches that a plot and the bars beside it need, otherwise these go below; and one of several plots."""
_FONT, _NAME_SIZE, _SMALLEST = 8.5, 10, 8
_NARROW = 4.0
"""Inches below which the axes have short names."""
_MOST_HIDDEN = 0.15
"""The share of the time whose marks may lie under those of other reports, before each gets a plot of its own."""
_BACKING = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def draw(digests: Sequence[Digest], look: Look) -> Figure:
    """Draw the plot of the reports."""
    heading = Heading(side_by_side.title(digests), captions.subtitle(digests), captions.mark(digests))
    if not any(digest.report.operators for digest in digests):
        figure, (axes,) = sheet(look, heading, [Panel(5.5, grows=True)])
        axes.set_axis_off()
        words = wrap(captions.NO_PLOT, 11, 0.9 * look.drawn_inches, 4)
        axes.text(0.5, 0.5, "\n".join(words), fontsize=11, color=FAINT, ha="center", va="center")
        return figure
    plot = build_plot(digests)
    if len(digests) > 1 and hidden_share(plot) > _MOST_HIDDEN:
        return _multiples(digests, plot, look, heading)
    panels = [
        Panel(4.75, left=0.75, below=0.5, share=0.685, least=_LEAST_PLOT, grows=True, aspect=1.05),
        Panel(bars.height(digests), share=0.315, least=_LEAST_BARS, grows=True, fills=True),
    ]
    figure, (axes, beside) = sheet(look, heading, panels, note=_guide(digests, plot))
    _plot_with_rail(axes, plot, digests, has_rail=bool(plot.rail))
    bars.draw(beside, digests)
    return figure


def _multiples(digests: Sequence[Digest], whole: Plot, look: Look, heading: Heading) -> Figure:
    """Draw a plot of the same axes for each report, and their times below."""
    plots = [Panel(3.5, left=0.75, below=0.5, above=0.5, least=_LEAST_MULTIPLE, aspect=1.1)] * len(digests)
    panels = [*plots, Panel(bars.height(digests, legend=False), row=True)]
    legend = [Entry(theme.color(kind), kind) for kind in bars.kinds_of(digests)]
    figure, axes = sheet(look, heading, panels, legend=legend, note=_guide(digests, whole))
    for item, digest in zip(axes, digests, strict=False):
        _plot_with_rail(
            item, build_plot([digest], (whole.x_limits, whole.y_limits)), [digest], has_rail=bool(whole.rail)
        )
        name = "".join(wrap(digest.label, _NAME_SIZE, inches(item)[0], 1, "bold"))
        up = 1 + 0.27 / inches(item)[1]
        write(item, -0.005, up, name, _NAME_SIZE, fontweight="bold")
    bars.draw(axes[-1], digests, legend=False)
    return figure


def _guide(digests: Sequence[Digest], plot: Plot) -> str:
    beyond = any(plot.edge(point) != (0, 0) for point in plot.points)
    return captions.reading_guide(digests, ceilings=bool(plot.ceilings), beyond=beyond)


def _plot_with_rail(axes: Axes, plot: Plot, digests: Sequence[Digest], *, has_rail: bool) -> None:
    if not has_rail:
        _roofline(axes, plot, digests)
        return
    _rail(_make_room(axes), plot, digests)
    _roofline(axes, plot, digests)
    axes.set_xlabel("")
    axes.tick_params(axis="x", labelbottom=False, length=0)


def _make_room(axes: Axes) -> Axes:
    """Return axes for the strip below a plot, which becomes lower by as much."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    box, (_, high) = axes.get_position(), figure.get_size_inches()
    strip, gap = _RAIL_INCHES / high, _RAIL_GAP / high
    axes.set_position((box.x0, box.y0 + strip + gap, box.width, box.height - strip - gap))
    return figure.add_axes((box.x0, box.y0, box.width, strip))


def draw_on(axes: Axes, digests: Sequence[Digest]) -> None:
    """Draw the roofline alone on somebody's axes; what computes nothing is not on it."""
    _roofline(axes, replace(build_plot(digests), rail=()), digests)


def _roofline(axes: Axes, plot: Plot, digests: Sequence[Digest]) -> None:
    """Draw roofs and points."""
    width, height = inches(axes)
    _axes(axes, plot, digests)
    character = 0.67 * _FONT / 72 / width, 1.3 * _FONT / 72 / height
    scene = lay_out(plot, digests, Canvas(height / width, character))
    key.draw(axes)
    _roofs(axes, plot, scene)
    for point in plot.points:
        place, radius = plot.fraction(point.x, point.y), theme.radius(point.group.time_share)
        if plot.edge(point) == (0, 0):
            _point(axes, place, point, radius, width, overlaid=len(digests) > 1)
        else:
            _beyond(axes, place, point, plot.edge(point))
    _stems(axes, scene)
    _leads(axes, scene)
    _labels(axes, scene)


def write(axes: Axes, x: float, y: float, content: str, size: float = _FONT, **style: Any) -> None:
    """Write text at a place in fractions of the axes; a dollar sign in a name starts no formula."""
    style.setdefault("color", INK)
    axes.text(x, y, content, fontsize=size, parse_math=False, transform=axes.transAxes, **style)


def _axes(axes: Axes, plot: Plot, digests: Sequence[Digest]) -> None:
    """Prepare axes in fractions, with the decades of both logarithmic axes as ticks."""
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    for spine in ("left", "bottom"):
        axes.spines[spine].set_color(FAINT)
    y_ticks = geometry.decades(plot.y_limits)
    axes.set_yticks([plot.fraction(None, y)[1] for y in y_ticks], [units.flops_per_second(y) for y in y_ticks])
    _x_ticks(axes, plot)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    write(axes, -0.005, 1.02, captions.y_axis(digests) if inches(axes)[0] > _NARROW else captions.SHORT_Y_AXIS, 9)


def _roofs(axes: Axes, plot: Plot, scene: Scene) -> None:
    """Draw the roofs with their names along them, and the ridge points down to the axis."""
    for roof, name in scene.roofs:
        (x0, y0), (x1, y1) = plot.fraction(*roof.start), plot.fraction(*roof.end)
        style = "-" if roof.device == 0 else "--"
        axes.plot((x0, x1), (y0, y1), style, color=INK, linewidth=1.6 if roof.is_memory else 1.3, zorder=2)
        turned: dict[str, Any] = {"rotation": name.degrees, "rotation_mode": "anchor", "va": "bottom"}
        write(axes, name.x, name.y, name.text, ha="left", zorder=4, **turned)
    for ceiling in plot.ceilings:
        (x0, y0), (x1, y1) = plot.fraction(*ceiling.start), plot.fraction(*ceiling.end)
        color = theme.bound_color(ceiling.point.group.bound)
        axes.plot((x0, x1), (y0, y1), "--", color=color, linewidth=1.4, zorder=3.2)
    for ridge in plot.ridges:
        x, y = plot.fraction(ridge.x, ridge.y)
        axes.plot((x, x), (0, y), ":", color=FAINT, linewidth=0.9, zorder=1)
    for _, name in scene.ceilings:
        write(axes, name.x, name.y, name.text, _SMALLEST, color=FAINT, va="center", bbox=_BACKING, zorder=4)
    for _, name in scene.ridges:
        write(axes, name.x, name.y, name.text, _SMALLEST, color=FAINT, va="center")


def _point(
    axes: Axes, place: tuple[float, float], point: Point, radius: float, width: float, *, overlaid: bool
) -> None:
    """Draw one bubble of a radius in fractions of the width in inches; see-through where models are overlaid."""
    mark = theme.mark(point.report)
    diameter = 2 * radius * width * 72
    axes.plot(
        *place,
        mark,
        markerfacecolor=(theme.color(point.group.kind), 0.5 if overlaid else 0.85),
        markersize=diameter * theme.MARK_SCALES[mark],
        markeredgecolor=(INK, 0.7) if overlaid else "white",
        markeredgewidth=0.8,
        clip_on=False,
        zorder=3,
    )


def _beyond(axes: Axes, place: tuple[float, float], point: Point, edge: tuple[int, int]) -> None:
    """Draw an arrow at an edge for a point beyond it."""
    mark = {(1, 0): ">", (-1, 0): "<"}.get((edge[0], 0), "^" if edge[1] > 0 else "v")
    axes.plot(*place, mark, color=theme.color(point.group.kind), markersize=6, clip_on=False, zorder=3)


def _stems(axes: Axes, scene: Scene) -> None:
    """Lead from a point, at its speed, to what the roofs allow: an arrow from what was measured, else a ring."""
    for stem in scene.stems:
        color = theme.color(stem.point.group.kind)
        (x, y), (_, top) = stem.start, stem.end
        if stem.is_arrow:
            arrow = {
                "arrowstyle": "-|>,head_length=0.42,head_width=0.17",
                "color": INK,
                "shrinkA": 0,
                "shrinkB": 0,
                "linewidth": 0.9,
                "mutation_scale": 10,
            }
            axes.annotate("", stem.end, stem.start, arrowprops=arrow, zorder=3.4)
            axes.plot(x, y, "o", color=INK, markersize=2.2, markeredgewidth=0, zorder=3.4)
            continue
        axes.plot((x, x), (y, top), color=color, linewidth=0.9, alpha=0.75, zorder=2.4)
        axes.plot(x, top, "o", markerfacecolor="white", color=color, markersize=3.8, markeredgewidth=1.0, zorder=3.5)


def _leads(axes: Axes, scene: Scene) -> None:
    """Lead from a cache-bound point's ring to its intensity at DRAM, and up to what DRAM alone would allow."""
    for lead in scene.leads:
        color = theme.color(lead.point.group.kind)
        (x, y), corner, end = lead.start, lead.corner, lead.end
        axes.plot((x, corner[0]), (y, corner[1]), color=color, linewidth=1.2, zorder=2.5)
        arrow = {"arrowstyle": "->", "color": color, "linestyle": "--", "shrinkA": 0, "shrinkB": 3}
        axes.annotate("", end, corner, arrowprops=arrow)
        axes.plot(*end, theme.mark(lead.point.report), markerfacecolor="white", color=color, markersize=6)
        style: dict[str, Any] = {"va": "center", "fontweight": "bold", "bbox": _BACKING, "zorder": 4}
        write(axes, lead.name.x, lead.name.y, lead.name.text, **style)


def _labels(axes: Axes, scene: Scene) -> None:
    """Name the largest point of each kind beside it."""
    for point, label in scene.labels:
        x, y = label.center
        if label.far:
            ink = theme.color(point.group.kind)
            end = label.edge
            axes.plot((label.request.x, end[0]), (label.request.y, end[1]), color=ink, linewidth=0.8, zorder=2.6)
        text = "\n".join(label.request.lines)
        write(axes, x, y, text, ha="center", va="center", fontweight="bold", bbox=_BACKING, zorder=5)


def _rail(axes: Axes, plot: Plot, digests: Sequence[Digest]) -> None:
    """Draw what computes nothing on a strip below the plot, from the left, largest first."""
    axes.set(xlim=(0, 1), ylim=(0, 1), facecolor=PANEL)
    axes.set_yticks([0.5], [captions.RAIL])
    _x_ticks(axes, plot)
    for spine in axes.spines.values():
        spine.set_visible(False)
    width, height = inches(axes)
    x, highest = 0.008, height / width / 2
    for point in plot.rail:
        radius = min(theme.radius(point.group.time_share), highest)
        _point(axes, (x + radius, 0.5), point, radius, width, overlaid=len(digests) > 1)
        x += 2 * radius + 0.004
    label = wrap(captions.rail_label(plot, digests) if plot.rail else "none", _FONT, (1 - x) * width, 1)
    write(axes, x + 0.008, 0.5, "".join(label), va="center")


def _x_ticks(axes: Axes, plot: Plot) -> None:
    ticks = geometry.decades(plot.x_limits)
    axes.set_xticks([plot.fraction(x, None)[0] for x in ticks], [units.number(x, 1) for x in ticks])
    axes.tick_params(labelsize=_FONT, colors=FAINT, length=3)
    name_x(axes, captions.X_AXIS if inches(axes)[0] > _NARROW else captions.SHORT_X_AXIS)
