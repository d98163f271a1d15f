"""Figures of a report: the hierarchical roofline, with a panel that holds shares of FLOPs against shares of time."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof.report.digest import Digest
from memprof.reports.roofline import figure
from memprof.reports.writer import RenderOptions


def panels(digests: Sequence[Digest]) -> tuple[str, ...]:
    """Return the names of the panels: the plot."""
    return ("roofline",)


def draw(digests: Sequence[Digest], options: RenderOptions) -> Figure:
    """Draw the figure."""
    return figure.draw(digests, options.look)


def draw_on(axes: Axes, digests: Sequence[Digest], what: str) -> None:
    """Draw the roofline alone."""
    figure.draw_on(axes, digests)
