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
from memprof.reports.parts.sheets import Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK, PANEL
from memprof.reports.roofline import bars, captions, geometry
from memprof.reports.roofline.geometry import Plot, Point
from memprof.reports.roofline.plot import build_plot
from memprof.reports.roofline.scene import Canvas, Scene, lay_out

_RAIL_INCHES, _RAIL_GAP = 0.35, 0.1
_LEAST_PLOT, _LEAST_BARS = 4.6, 2.3
"""Inches that the plot and the bars beside it need, otherwise these go below."""
_FONT = 8.5
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
    guide = captions.reading_guide(digests, ceilings=bool(plot.ceilings))
    panels = [
        Panel(4.75, left=0.75, below=0.5, share=0.685, least=_LEAST_PLOT, grows=True, aspect=1.05),
        Panel(bars.height(digests), share=0.315, least=_LEAST_BARS, grows=True, fills=True),
    ]
    figure, (axes, beside) = sheet(look, heading, panels, note=guide)
    if plot.rail:
        _rail(_make_room(axes), plot, digests)
    _roofline(axes, plot, digests)
    bars.draw(beside, digests)
    return figure


def _make_room(axes: Axes) -> Axes:
    """Return axes for the strip below a plot, which becomes lower by as much."""
    figure = axes.get_figure()
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
    _roofs(axes, plot, scene)
    for point in plot.points:
        place, radius = plot.fraction(point.x, point.y), theme.radius(point.group.time_share)
        _point(axes, place, point, radius, width, overlaid=len(digests) > 1)
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
    if plot.rail:
        axes.set_xlabel("")
        axes.tick_params(axis="x", labelbottom=False, length=0)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    write(axes, -0.005, 1.02, captions.y_axis(digests), 9)


def _roofs(axes: Axes, plot: Plot, scene: Scene) -> None:
    """Draw the roofs with their names along them, and the ridge points down to the axis."""
    for roof, name in scene.roofs:
        (x0, y0), (x1, y1) = plot.fraction(*roof.start), plot.fraction(*roof.end)
        style = "-" if roof.device == 0 else "--"
        axes.plot((x0, x1), (y0, y1), style, color=INK, linewidth=1.6 if roof.is_memory else 1.3, zorder=2)
        turned: dict[str, Any] = {"rotation": name.degrees, "rotation_mode": "anchor", "va": "bottom"}
        write(axes, name.x, name.y, name.text, ha="left", zorder=4, **turned)
    for ceiling, name in scene.ceilings:
        (x0, y0), (x1, y1) = plot.fraction(*ceiling.start), plot.fraction(*ceiling.end)
        color = theme.bound_color(ceiling.point.group.bound)
        axes.plot((x0, x1), (y0, y1), "--", color=color, linewidth=1.4, zorder=3.2)
        write(axes, name.x, name.y, name.text, 7.5, color=FAINT, va="center", bbox=_BACKING, zorder=4)
    for ridge, name in scene.ridges:
        x, y = plot.fraction(ridge.x, ridge.y)
        axes.plot((x, x), (0, y), ":", color=FAINT, linewidth=0.9, zorder=1)
        write(axes, name.x, name.y, name.text, 7.5, color=FAINT, va="center")


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
        style: dict[str, Any] = {"color": color, "va": "center", "fontweight": "bold", "bbox": _BACKING, "zorder": 4}
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
    write(axes, x + 0.008, 0.5, captions.rail_label(plot, digests), va="center")


def _x_ticks(axes: Axes, plot: Plot) -> None:
    ticks = geometry.decades(plot.x_limits)
    axes.set_xticks([plot.fraction(x, None)[0] for x in ticks], [units.number(x, 1) for x in ticks])
    axes.tick_params(labelsize=_FONT, colors=FAINT, length=3)
    name_x(axes, captions.X_AXIS)
