"""What the pages of all validations have: predicted against measured in a plane, figures and tables of errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof.reports.charts.records import Axis, Guide, Mark, Plot, Series
from memprof.reports.charts.ticks import plain
from memprof.reports.page import colors
from memprof.reports.page.document import Cell
from memprof.reports.page.first import Figure
from memprof.reports.validation.document import percent
from memprof.reports.validation.series import BAND, MOST_NAMES, by_series
from memprof.validation.statistics import Errors

_MOST_SERIES = 10
WORDS = (
    ("Ratio", "Predicted / measured."),
    ("Mean error", "The mean of |predicted / measured - 1|."),
    ("Bias", "The median of predicted / measured."),
    ("Without bias", "The mean error after every prediction was divided by the bias."),
    ("Rank", "Spearman's rank correlation: 1 where the rows are in the right order."),
)


@dataclass(frozen=True, slots=True)
class Dot:
    """One row: both figures in one unit, above zero; `name` is what it is called beside its mark."""

    series: str
    name: str
    measured: float
    predicted: float
    told: tuple[str, ...]
    key: str


def plane(dots: Sequence[Dot], unit: str, alt: str, text: Callable[[float], str] = plain) -> Plot:
    """Return predicted against measured on logarithmic axes, with the line where both are equal and a band."""
    values = [value for dot in dots for value in (dot.measured, dot.predicted)] or [1.0]
    low, high = min(values) / 1.15, max(values) * 1.15
    furthest = sorted(dots, key=lambda dot: -abs(math.log(dot.predicted / dot.measured)))[:MOST_NAMES]
    named = {dot.key for dot in furthest if abs(dot.predicted / dot.measured - 1) > BAND}
    x, y = (Axis(f"{what}, {unit}", low, high, log=True, text=text) for what in ("measured", "predicted"))
    return Plot(
        alt,
        x,
        y,
        tuple(
            Series(name, colors.series_class(place), tuple(_mark(dot, named) for dot in own))
            for place, (name, own) in enumerate(by_series(dots, _MOST_SERIES).items())
        ),
        (
            Guide(((low, low), (high, high)), "equal", dashed=False),
            *(Guide(_beside(low, high, side)) for side in (1 - BAND, 1 + BAND)),
        ),
        caption=f"Above the line memprof predicts more than was measured. Dashed: {BAND * 100:.0f} % off.",
    )


def _mark(dot: Dot, named: set[str]) -> Mark:
    label = dot.name if dot.key in named else ""
    return Mark(dot.measured, dot.predicted, dot.name, dot.told, dot.key, label)


def _beside(low: float, high: float, side: float) -> tuple[tuple[float, float], tuple[float, float]]:
    if side < 1:
        return (low / side, low), (high, high * side)
    return (low, low * side), (high / side, high)


def figures(errors: Errors, what: str) -> tuple[Figure, ...]:
    """Return three figures: how far off, to which side, whether the order is right; fewer of too few rows."""
    found = []
    if errors.mean_absolute_percentage_error is not None:
        middle = f"median {percent(errors.median_absolute_percentage_error)} of {errors.count:,} {what}"
        found.append(Figure("How far off, on average", percent(errors.mean_absolute_percentage_error), middle))
    if errors.bias is not None:
        unbiased = percent(errors.unbiased_mean_absolute_percentage_error)
        remark = f"median of predicted / measured; without it {unbiased} off on average"
        found.append(Figure("To which side", f"{errors.bias:.3f}", remark))
    if errors.spearman is not None:
        found.append(Figure("In the right order", f"{errors.spearman:.4f}", "rank correlation, at best 1"))
    return tuple(found)


def fraction(value: float | None) -> Cell:
    """Return an error as a cell."""
    return Cell(percent(value), value)


def number(value: float | None, digits: int = 3) -> Cell:
    """Return a plain number as a cell."""
    return Cell("–") if value is None else Cell(f"{value:.{digits}f}", value)


def off(ratio: float) -> Cell:
    """Return a ratio with a bar of how far off it is: full at twice or half."""
    share = min(1.0, abs(math.log2(ratio))) if ratio > 0 else 1.0
    return Cell(f"{ratio:.3f}", ratio, share, colors.MORE if ratio > 1 else colors.LESS)
