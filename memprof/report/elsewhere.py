"""A report's step on other devices, in other precisions and batch sizes: what a page needs to show them."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.report.record import Report


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A report of the same step on another device, in the precision that goes with it.

    Its operators are those of the report at home, in that order; `rows` are their places there. One whose calls are
    bound by different things over here has several, one after the other.
    """

    report: Report
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variation:
    """The same models in another precision or batch size: their reports, and each of these elsewhere."""

    precision: str
    batch_size: int
    reports: tuple[Report, ...]
    elsewhere: tuple[tuple[Elsewhere, ...], ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a page of reports can switch to: each report elsewhere, and variations of all of them."""

    elsewhere: tuple[tuple[Elsewhere, ...], ...] = ()
    variations: tuple[Variation, ...] = ()
