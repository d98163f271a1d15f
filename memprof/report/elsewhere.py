"""A report's operators on another device: what a page needs to show them there."""

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
