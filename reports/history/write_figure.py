"""Draws what was accepted over commits: a panel for each workload, one metric."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import words
from memprof.gate.history import Accepted
from memprof.gate.records import GateWorkload
from memprof.reports.history import History
from memprof.reports.history.tables import Metric, commits, title
from memprof.reports.parts import drawing
from memprof.reports.parts.drawing import write
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.sheets import Heading, Panel, sheet
from memprof.reports.parts.theme import BLUE, GRID, INK, VERMILION
from memprof.reports.writer import RenderOptions

_HIGH, _LEAST = 1.5, 3.6
"""Inches that a panel is high, and wide at least."""
_NOTE = (
    "Each point: the figure accepted at a commit. Orange: memprof's own cost model changed there, so the step says "
    "nothing about the model."
)
_MOST_TICKS = 10


def draw(history: History, options: RenderOptions) -> Figure:
    """Draw a panel for each workload, as many beside one another as have room."""
    order, names = commits(history.accepted), panels(history)
    heading = Heading(title(history.metric), f"{len(order)} commits, {order[0][:9]} to {order[-1][:9]}")
    wanted = [Panel(_HIGH, left=0.55, below=0.35, above=0.4, least=_LEAST)] * len(names)
    figure, axes = sheet(options.look, heading, wanted, note=_NOTE)
    for item, name in zip(axes, names, strict=True):
        draw_on(item, history, name)
    return figure


def panels(history: History) -> tuple[str, ...]:
    """Return the names of the panels: workloads."""
    return tuple(map(_name, _workloads(history)))


def draw_on(axes: Axes, history: History, what: str) -> None:
    """Draw one workload."""
    workload = next(item for item in _workloads(history) if _name(item) == what)
    points = [item for item in history.accepted if item.workload == workload]
    _panel(axes, workload, points, history.metric, commits(history.accepted))


def _workloads(history: History) -> tuple[GateWorkload, ...]:
    return tuple(dict.fromkeys(sorted(item.workload for item in history.accepted)))


def _name(workload: GateWorkload) -> str:
    return f"{' '.join(workload.model.split())}, {words.phase(workload.phase)}, {workload.device}"


def _panel(
    axes: Axes, workload: GateWorkload, points: Sequence[Accepted], metric: Metric, order: Sequence[str]
) -> None:
    places = [order.index(item.commit.name) for item in points]
    values = [metric.scale * metric.value(item.figures) for item in points]
    axes.plot(places, values, "-o", color=BLUE, markersize=5, linewidth=1.8)
    for before, item, place, value in zip(points, points[1:], places[1:], values[1:], strict=False):
        if before.cost_model != item.cost_model:
            axes.plot(place, value, "o", color=VERMILION, markersize=8)
    highest = max(values) or 1.0
    axes.set(xlim=(-0.5, len(order) - 0.5), ylim=(0, 1.25 * highest))
    every = -(-len(order) // _MOST_TICKS)
    axes.set_xticks(range(0, len(order), every), [show_hidden(name[:7]) for name in order[::every]])
    drawing.plain(axes, 8)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_ylabel(metric.unit, fontsize=9, color=INK)
    drawing.panel_title(axes, 1.04, _name(workload), fontsize=10)
    write(axes, places[-1], values[-1] + 0.1 * highest, f"{values[-1]:.4g}", ha="center", fontsize=9)
