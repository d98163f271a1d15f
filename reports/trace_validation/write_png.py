"""The PNG writer of a trace held against a simulation: predicted against measured time of each pass, by kind."""

from __future__ import annotations

from memprof.reports.validation import scatter
from memprof.reports.validation.scatter import Dot
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import PassCase, TraceValidation

EXTENSION = "png"


def render(validation: TraceValidation, options: RenderOptions) -> bytes:
    """Return the plot, 1800 x 1050 pixels; passes of one kind apart."""
    cases = [case for case in validation.predicted if case.ratio]
    dots = [Dot(_series(case), case.module, case.measured_seconds, case.predicted_seconds) for case in cases]
    return scatter.draw(dots, validation.origin, [validation.device], "s")


def _series(case: PassCase) -> str:
    return case.kind if case.kind == case.pass_name else f"{case.kind}, {case.pass_name}"
