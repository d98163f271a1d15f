"""Figures of a sweep: step time and its bound by setting, the depthwise part by what binds it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import words
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import write
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK
from memprof.reports.sweep import tables
from memprof.reports.writer import RenderOptions
from memprof.whatif.sweep import Point, Sweep

_NOTE = (
    "Line: a whole step, predicted. Dashed: the least that the device's ceilings allow. Bars: the part of depthwise "
    "convolutions, coloured by what sets its time. Diamonds: published."
)
_NOT_EXACT = " Grey: the published network has norm=arithmetic, and computes its layer norm in more steps."
_MOST_TICKS = 16


def draw(sweep: Sweep, options: RenderOptions) -> Figure:
    """Draw a panel for each phase."""
    heading = Heading(f"{tables.title(sweep)}: predicted time of a step", tables.subtitle(sweep))
    bounds = tuple(dict.fromkeys(part.bound for point in sweep.points for part in point.depthwise_bounds))
    legend = [
        Entry(theme.bound_color(bound), f"depthwise, bound by {words.short_bound(bound, sweep.device_family)}")
        for bound in bounds
    ]
    phases = sweep.phases()
    panels = [Panel(4.3, left=0.55, below=0.5, least=3.6, grows=True, aspect=0.9)] * len(phases)
    figure, axes = sheet(
        options.look, heading, panels, legend=legend, note=_NOTE + (_NOT_EXACT if tables.has_inexact(sweep) else "")
    )
    for item, phase in zip(axes, phases, strict=True):
        draw_on(item, sweep, phase)
    return figure


def panels(sweep: Sweep) -> tuple[str, ...]:
    """Return the names of the panels: phases."""
    return sweep.phases()


def draw_on(axes: Axes, sweep: Sweep, phase: str) -> None:
    """Draw one phase."""
    _panel(axes, sweep, phase)


def _panel(axes: Axes, sweep: Sweep, phase: str) -> None:
    points = sweep.of(phase)
    places = [point.number for point in points] if sweep.is_whole else [float(place) for place in range(len(points))]
    nearest = min((after - before for before, after in pairwise(places)), default=1.0)
    highest = max(1e3 * max(point.seconds, point.published_seconds or 0.0) for point in points) or 1.0
    axes.set(xlim=(places[0] - nearest, places[-1] + nearest), ylim=(0, 1.16 * highest))
    _depthwise(axes, points, places, 0.72 * nearest)
    axes.plot(places, [1e3 * point.seconds for point in points], "-o", color=INK, markersize=4.5, linewidth=2)
    axes.plot(places, [1e3 * point.roofline_seconds for point in points], "--", color=theme.DIM, linewidth=1.6)
    for place, point in zip(places, points, strict=True):
        if point.published_seconds:
            drawing.published(axes, place, 1e3 * point.published_seconds, exact=point.exact)
    _takeovers(axes, sweep, phase, dict(zip([point.value for point in points], places, strict=True)))
    _decorate(axes, sweep, phase, [point.value for point in points], places)


def _depthwise(axes: Axes, points: Sequence[Point], places: Sequence[float], width: float) -> None:
    """Stack the depthwise convolutions' time by what sets it, in one order of bounds at every setting."""
    order = tuple(dict.fromkeys(part.bound for point in points for part in point.depthwise_bounds))
    for place, point in zip(places, points, strict=True):
        seconds = {part.bound: part.seconds for part in point.depthwise_bounds}
        below = 0.0
        for bound in order:
            height = 1e3 * seconds.get(bound, 0.0)
            axes.bar(place, height, bottom=below, width=width, color=theme.bound_color(bound))
            below += height


def _takeovers(axes: Axes, sweep: Sweep, phase: str, place_of: dict[str, float]) -> None:
    """Mark between which settings another bound takes over the depthwise convolutions."""
    top = axes.get_ylim()[1]
    here = [item for item in sweep.takeovers if item.phase == phase]
    for row, item in enumerate(here):
        x = (place_of[item.before_value] + place_of[item.value]) / 2
        axes.plot((x, x), (0, top), ":", color=FAINT, linewidth=1.2, zorder=1)
        before, after = (words.short_bound(code, sweep.device_family) for code in (item.before, item.after))
        remark = f" depthwise: {after} takes over from {before}"
        is_right = x > sum(axes.get_xlim()) / 2
        side = "right" if is_right else "left"
        write(axes, x, top * (0.97 - 0.05 * row), f"{remark} ", ha=side, color=FAINT, fontsize=8.5)


def _decorate(axes: Axes, sweep: Sweep, phase: str, values: Sequence[str], places: Sequence[float]) -> None:
    every = -(-len(values) // _MOST_TICKS)
    axes.set_xticks(places[::every], values[::every])
    drawing.plain(axes, 9)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_xlabel(sweep.option, fontsize=10, color=INK)
    axes.set_ylabel("ms a step", fontsize=10, color=INK)
    drawing.panel_title(axes, 1.015, words.phase(phase).capitalize())
