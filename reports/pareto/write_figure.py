"""Figures of a frontier: a panel for each device, the front as a line, its networks named."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof.frontier.front import name_of
from memprof.frontier.records import Candidate, DeviceFront, Frontier
from memprof.reports.pareto import tables
from memprof.reports.pareto.families import FAMILIES, family
from memprof.reports.parts import drawing
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import DIM, GRID, INK, SERIES_COLORS
from memprof.reports.roofline import labelling
from memprof.reports.writer import RenderOptions

_WIDEST = 8.0
"""Inches that a panel has at least, so that panels on one scale stand below one another."""
_TICKS = tuple(digit * 10**power for power in range(6) for digit in (1, 2, 5))
_COLORS = (*SERIES_COLORS[: len(FAMILIES) - 1], DIM)
_NOTE = (
    "Line: the front, networks that none beats at both. Bars: the error that such predictions typically have. Rings: "
    "not on the front, but within that error of it. Accuracies are published."
)


def draw(found: Frontier, options: RenderOptions) -> Figure:
    """Draw a panel for each device, below one another on one scale."""
    legend = [Entry(color, name) for color, name in zip(_COLORS, FAMILIES, strict=True)]
    heading = Heading(tables.title(found), tables.subtitle(found))
    panel = Panel(4.8, left=0.55, below=0.55, above=0.4, least=_WIDEST, grows=True, aspect=0.8)
    figure, axes = sheet(options.look, heading, [panel] * len(found.devices), legend=legend, note=_NOTE)
    for item, device in zip(axes, found.devices, strict=True):
        _panel(item, device, _limits(found))
    return figure


def panels(found: Frontier) -> tuple[str, ...]:
    """Return the names of the panels: devices."""
    return tuple(device.device_name for device in found.devices)


def draw_on(axes: Axes, found: Frontier, what: str) -> None:
    """Draw one device."""
    device = next((item for item in found.devices if item.device_name == what), found.devices[0])
    _panel(axes, device, _limits(found))


def _limits(found: Frontier) -> tuple[float, float]:
    ends = [end for device in found.devices for item in device.candidates for end in item.span] or [1.0, 10.0]
    return min(ends) / 1.1, max(ends) * 1.15


def _panel(axes: Axes, device: DeviceFront, limits: tuple[float, float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    shown = [item for item in device.candidates if item.fits is not False]
    accuracies = [item.accuracy.top1 for item in shown] or [70.0, 85.0]
    axes.set_ylim(min(accuracies) - 0.8, max(accuracies) + 1.2)
    ticks = [tick for tick in _TICKS if limits[0] < tick < limits[1]]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    drawing.plain(axes, 9)
    axes.grid(color=GRID, linewidth=0.7)
    front = device.front
    axes.plot(*_stairs(front), color=INK, linewidth=1.1, alpha=0.65, zorder=2)
    for item in shown:
        _point(axes, item)
    _name(axes, device, shown)
    axes.set_xlabel("images/s, predicted", fontsize=9.5, color=INK)
    axes.set_ylabel("top-1 in percent, published", fontsize=9.5, color=INK)
    drawing.panel_title(axes, 1.015, f"{device.device_title}, {device.precision}")


def _stairs(front: Sequence[Candidate]) -> tuple[list[float], list[float]]:
    """Return the corners of the front: to the left of a network and below it, none is better at both."""
    xs: list[float] = []
    ys: list[float] = []
    for item in front:
        if ys:
            xs.append(item.images_per_second)
            ys.append(ys[-1])
        xs.append(item.images_per_second)
        ys.append(item.accuracy.top1)
    return xs, ys


def _point(axes: Axes, item: Candidate) -> None:
    color = _COLORS[family(item.accuracy.model)]
    x, y = item.images_per_second, item.accuracy.top1
    if item.on_front and item.relative_error:
        axes.plot(item.span, (y, y), color=color, linewidth=2.4, alpha=0.35, solid_capstyle="butt", zorder=2)
    if item.on_front:
        axes.plot(x, y, "o", color=color, markersize=6.5, zorder=4)
    elif item.near_front:
        axes.plot(x, y, "o", color="white", markeredgecolor=color, markersize=5.5, zorder=3)
    else:
        axes.plot(x, y, "o", color=color, markersize=3, alpha=0.55, zorder=2)


def _name(axes: Axes, device: DeviceFront, shown: Sequence[Candidate]) -> None:
    """Name the front, then the families under study, then what is close to the front, as far as there is room."""
    own = len(FAMILIES) - 1
    order = sorted(shown, key=lambda item: (not item.on_front, family(item.accuracy.model) == own, not item.near_front))
    named = [item for item in order if item.on_front or item.near_front or family(item.accuracy.model) == 0]
    labelling.label(
        axes,
        [(item.images_per_second, item.accuracy.top1, name_of(item.accuracy)) for item in named],
        taken=[(item.images_per_second, item.accuracy.top1) for item in shown if item not in named],
        line=list(zip(*_stairs(device.front), strict=True)),
        size=7.5,
    )
