"""The PNG writer of a validation: predicted against measured images/s, coloured by phase and device."""

from __future__ import annotations

from memprof import words
from memprof.reports.validation import scatter
from memprof.reports.validation.scatter import Dot
from memprof.reports.writer import RenderOptions
from memprof.validation.records import Validation
from memprof.validation.statistics import worst

EXTENSION = "png"


def render(validation: Validation, options: RenderOptions) -> bytes:
    """Return the plot, 1800 x 1050 pixels."""
    devices = [case.device for case in validation.predicted]
    several = len(set(devices)) > 1
    dots = [
        Dot(
            f"{words.phase(case.phase)}, {case.device}" if several else words.phase(case.phase),
            case.model,
            case.measurement.images_per_second,
            case.prediction.images_per_second,
        )
        for case in validation.predicted
        if case.measurement and case.prediction
    ]
    furthest = {case.model for case in worst(validation.cases, scatter.MOST_NAMES)}
    return scatter.draw(dots, validation.table.name, devices, "images/s", furthest)
