"""The PNG writer of a validation of kernels: predicted against measured latency, coloured by operator."""

from __future__ import annotations

from memprof.reports.validation import scatter
from memprof.reports.validation.scatter import Dot
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelValidation

EXTENSION = "png"


def render(validation: KernelValidation, options: RenderOptions) -> bytes:
    """Return the plot, 1800 x 1050 pixels."""
    dots = [
        Dot(case.label, case.label, case.measured_seconds, case.predicted_seconds)
        for case in validation.predicted
        if case.measured_seconds and case.predicted_seconds
    ]
    return scatter.draw(dots, validation.table.name, [case.device for case in validation.predicted], "s")
