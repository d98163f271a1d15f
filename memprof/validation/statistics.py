"""How far predictions are from measurements, in a few figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memprof.validation.records import Case

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """How far off n predictions are; all fractions (0.03 is 3 %), None where there are too few to tell.

    `bias` is the median ratio of predicted over measured; `unbiased_...` is the error after dividing every prediction
    by it. `spearman` is the rank correlation.
    """

    count: int
    mean_absolute_percentage_error: float | None
    unbiased_mean_absolute_percentage_error: float | None
    percentile_90_absolute_percentage_error: float | None
    median_absolute_percentage_error: float | None
    bias: float | None
    spearman: float | None


@dataclass(frozen=True, slots=True)
class GroupErrors:
    """The errors of the rows of one source on one device; "" for what is not told apart. `skipped` counts rows."""

    source: str
    device: str
    phase: str
    stack: str
    layout: str
    skipped: int
    errors: Errors


def errors(predicted: ArrayLike, measured: ArrayLike) -> Errors:
    """Return how far `predicted` (n,) is from `measured` (n,), both above zero, in one unit."""
    forecast, truth = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    if not truth.size:
        return Errors(0, None, None, None, None, None, None)
    ratios = forecast / truth
    bias = math.exp(float(np.median(np.log(ratios))))
    off = np.abs(ratios - 1)
    return Errors(
        count=int(truth.size),
        mean_absolute_percentage_error=float(off.mean()),
        unbiased_mean_absolute_percentage_error=float(np.abs(ratios / bias - 1).mean()),
        percentile_90_absolute_percentage_error=float(np.percentile(off, 90)),
        median_absolute_percentage_error=float(np.median(off)),
        bias=bias,
        spearman=rank_correlation(forecast, truth),
    )


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float | None:
    """Return Spearman's rank correlation of two (n,): Pearson's of their ranks; None where one does not vary."""
    ranks = [_ranks(np.asarray(values, dtype=np.float64)) for values in (first, second)]
    centred = [rank - rank.mean() for rank in ranks] if ranks[0].size else []
    spread = math.sqrt(math.prod(float(rank @ rank) for rank in centred)) if centred else 0.0
    return float(centred[0] @ centred[1]) / spread if spread else None


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Floats = ((last - counts + 1 + last) / 2)[places]
    return shared


def group_errors(cases: Sequence[Case]) -> tuple[GroupErrors, ...]:
    """Return the errors for each source and device, then for its phases, then for what was measured apart in them.

    What was measured apart are stacks and layouts: different versions or layouts are different measurements, each with
    a bias of its own. They are told apart only where there are several.
    """
    groups = []
    for whole in _split(cases, lambda case: (case.source, case.device)):
        groups.append(_group(whole))
        for phase in _split(whole, lambda case: (case.phase,)):
            groups.append(_group(phase, phase=True))
            parts = list(_split(phase, lambda case: (case.stack, case.layout)))
            if len(parts) > 1:
                groups += [_group(part, phase=True, parts=True) for part in parts]
    return tuple(groups)


def _group(cases: Sequence[Case], *, phase: bool = False, parts: bool = False) -> GroupErrors:
    first, kept = cases[0], [case for case in cases if case.ratio is not None]
    return GroupErrors(
        source=first.source,
        device=first.device,
        phase=first.phase if phase else "",
        stack=first.stack if parts else "",
        layout=first.layout if parts else "",
        skipped=len(cases) - len(kept),
        errors=case_errors(kept),
    )


def case_errors(cases: Iterable[Case]) -> Errors:
    """Return the errors of the cases that have a prediction."""
    pairs = [
        (case.prediction.images_per_second, case.measurement.images_per_second)
        for case in cases
        if case.prediction is not None and case.measurement is not None
    ]
    return errors([pair[0] for pair in pairs], [pair[1] for pair in pairs])


class HasRatio(Protocol):
    """A case that may have a ratio of predicted over measured."""

    @property
    def ratio(self) -> float | None:
        """Return the ratio, None where there is none."""
        ...


Judged = TypeVar("Judged", bound=HasRatio)


def worst(cases: Iterable[Judged], count: int) -> tuple[Judged, ...]:
    """Return the `count` cases furthest from what was measured, by factor, worst first."""

    def factor(case: Judged) -> float:
        return -abs(math.log(case.ratio)) if case.ratio else math.inf

    return tuple(sorted((case for case in cases if case.ratio is not None), key=factor)[:count])


def _split(cases: Sequence[Case], key: Callable[[Case], tuple[str, ...]]) -> Iterable[list[Case]]:
    groups: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return groups.values()
