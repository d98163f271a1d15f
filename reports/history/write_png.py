"""Draws what was accepted over commits: a panel for each workload, one metric."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from memprof import words
from memprof.gate.history import Accepted
from memprof.gate.records import GateWorkload
from memprof.reports.history import History
from memprof.reports.history.tables import Metric, commits, title
from memprof.reports.parts import drawing
from memprof.reports.parts.drawing import WIDTH_INCHES, write
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.theme import BLUE, GRID, INK, VERMILION
from memprof.reports.writer import RenderOptions

EXTENSION = "png"
_PANEL, _HEAD, _FOOT, _GAP = 2.3, 1.0, 0.45, 0.55
_COLUMNS = 2
_MOST_TICKS = 10


def render(history: History, options: RenderOptions) -> bytes:
    """Return the plot as a PNG, 1800 pixels wide and as high as the workloads need."""
    accepted, metric = history.accepted, history.metric
    workloads = tuple(dict.fromkeys(sorted(item.workload for item in accepted)))
    lines = -(-len(workloads) // _COLUMNS)
    height = _HEAD + lines * _PANEL + _FOOT
    order = commits(accepted)
    figure = drawing.start(height, title(metric), f"{len(order)} commits, {order[0][:9]} to {order[-1][:9]}")
    width = (WIDTH_INCHES - 0.3 - _COLUMNS * 0.75) / _COLUMNS
    for place, workload in enumerate(workloads):
        row, column = divmod(place, _COLUMNS)
        left = 0.75 + column * (width + 0.75)
        bottom = height - _HEAD - (row + 1) * _PANEL + _GAP
        panel = (left / WIDTH_INCHES, bottom / height, width / WIDTH_INCHES, (_PANEL - _GAP - 0.35) / height)
        points = [item for item in accepted if item.workload == workload]
        _panel(figure.add_axes(panel), workload, points, metric, order)
    drawing.footnote(
        figure,
        "Each point: the figure accepted at a commit. Orange: memprof's own cost model changed there, so the "
        "step says nothing about the model.",
    )
    return drawing.png(figure)


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
    heading = f"{' '.join(workload.model.split())}, {words.phase(workload.phase)}, {workload.device}"
    drawing.panel_title(axes, 1.04, heading, fontsize=10)
    write(axes, places[-1], values[-1] + 0.1 * highest, f"{values[-1]:.4g}", ha="center", fontsize=9)
