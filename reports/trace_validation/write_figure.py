"""Figures of a trace held against a simulation: predicted against measured time of each pass, by kind."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof.reports.validation import scatter
from memprof.reports.validation.scatter import Dot, Dots
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import PassCase, TraceValidation


def draw(validation: TraceValidation, options: RenderOptions) -> Figure:
    """Draw the plot; passes of one kind apart."""
    return scatter.draw(_dots(validation), options.look)


def panels(validation: TraceValidation) -> tuple[str, ...]:
    """Return the names of the panels."""
    return scatter.PANELS


def draw_on(axes: Axes, validation: TraceValidation, what: str) -> None:
    """Draw one of the panels."""
    scatter.draw_on(axes, _dots(validation), what)


def _dots(validation: TraceValidation) -> Dots:
    cases = [case for case in validation.predicted if case.ratio]
    dots = [Dot(_series(case), case.module, case.measured_seconds, case.predicted_seconds) for case in cases]
    return Dots(dots, validation.origin, [validation.device], "s")


def _series(case: PassCase) -> str:
    return case.kind if case.kind == case.pass_name else f"{case.kind}, {case.pass_name}"
