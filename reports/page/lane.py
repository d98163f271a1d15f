"""The device over the time of a measurement: what it ran, and its longest gaps where they were."""

from __future__ import annotations

from dataclasses import dataclass

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.run import KernelRuns
from memprof.reports.page import colors

_LEAST = 0.0015
"""Least share of the lane that a gap is drawn with, so that it is seen."""
_WAITING, _IDLE = 2, 3
"""Places of the colours of gaps in `theme.DEVICE_COLORS`."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap: where it begins and how long it is, as shares of the span, its colour's class, and what to say of it."""

    start: float
    length: float
    color: str
    text: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A device's lane; `ends` says what time lies between its ends."""

    gaps: tuple[Gap, ...]
    ends: tuple[str, str]


def lane(digest: Digest) -> Lane | None:
    """Return the lane of a measured device; None where no gap is known."""
    time = digest.device_time
    if time is None or not time.gaps or not time.span_seconds:
        return None
    launched = "launched, but waiting" if digest.report.operators else "not known why"
    gaps = tuple(
        Gap(
            gap.start_seconds / time.span_seconds,
            max(_LEAST, gap.seconds / time.span_seconds),
            colors.part_class(_WAITING if gap.waited_for_host else _IDLE),
            f"idle for {units.seconds(gap.seconds)} from {units.seconds(gap.start_seconds)}, after "
            f"{words.kernel(gap.before)}, before {words.kernel(gap.after)}: "
            f"{'not launched yet' if gap.waited_for_host else launched}",
        )
        for gap in time.gaps
    )
    return Lane(gaps, ("0", units.seconds(time.span_seconds)))


def _fit_together(runs: KernelRuns, operators: int) -> bool:
    """Tell whether a file's columns are of one length and point at what there is."""
    columns = runs.kernels, runs.streams, runs.starts_seconds, runs.seconds, runs.operators
    return (
        len({len(column) for column in columns}) == 1
        and bool(runs.kernels)
        and all(0 <= place < len(runs.names) for place in runs.kernels)
        and all(-1 <= place < operators for place in runs.operators)
    )


def runs_told(digest: Digest) -> str:
    """Say which kernels the page's timeline shows; "" where it is not known which ran when."""
    time = digest.device_time
    if time is None or time.runs is None or not _fit_together(time.runs, len(digest.report.operators)):
        return ""
    shown, streams = len(time.runs.kernels), len(set(time.runs.streams))
    what = f"{units.count(shown)} kernels, copies and fills on {streams} stream{'s' if streams > 1 else ''}, to scale"
    if not time.runs.left_out:
        return f"{what}."
    until = time.runs.starts_seconds[-1] + time.runs.seconds[-1]
    return (
        f"{what}: those of the first {units.seconds(until)}; {units.count(time.runs.left_out)} later ones are left out."
    )
