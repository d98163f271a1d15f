"""Figures of a validation of kernels: predicted against measured latency, coloured by operator."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof.reports.validation import scatter
from memprof.reports.validation.scatter import Dot, Dots
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelValidation


def draw(validation: KernelValidation, options: RenderOptions) -> Figure:
    """Draw the plot."""
    return scatter.draw(_dots(validation), options.look)


def panels(validation: KernelValidation) -> tuple[str, ...]:
    """Return the names of the panels."""
    return scatter.PANELS


def draw_on(axes: Axes, validation: KernelValidation, what: str) -> None:
    """Draw one of the panels."""
    scatter.draw_on(axes, _dots(validation), what)


def _dots(validation: KernelValidation) -> Dots:
    dots = [
        Dot(case.label, case.label, case.measured_seconds, case.predicted_seconds)
        for case in validation.predicted
        if case.measured_seconds and case.predicted_seconds
    ]
    return Dots(dots, validation.table.name, [case.device for case in validation.predicted], "s")
