"""Figures of a validation: predicted against measured images/s, coloured by phase and device."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import words
from memprof.reports.validation import scatter, series
from memprof.reports.validation.scatter import Dot, Dots
from memprof.reports.writer import RenderOptions
from memprof.validation.records import Validation
from memprof.validation.statistics import worst


def draw(validation: Validation, options: RenderOptions) -> Figure:
    """Draw the plot."""
    return scatter.draw(_dots(validation), options.look)


def panels(validation: Validation) -> tuple[str, ...]:
    """Return the names of the panels."""
    return scatter.PANELS


def draw_on(axes: Axes, validation: Validation, what: str) -> None:
    """Draw one of the panels."""
    scatter.draw_on(axes, _dots(validation), what)


def _dots(validation: Validation) -> Dots:
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
    furthest = {case.model for case in worst(validation.cases, series.MOST_NAMES)}
    return Dots(dots, validation.table.name, devices, "images/s", furthest)
