"""Where the time of a device went: what ran, what overlapped, how long nothing ran, and whether the host was to blame.

Everything is counted in whole nanoseconds, so that it adds up exactly; seconds appear in the result only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from memprof.profiles.records import Activity, Kernel
from memprof.report.run import DeviceTime, Gap
from memprof.vocabulary import NANOSECOND

LONGEST_GAPS = 10
"""How many of the longest gaps are listed; all of them are counted."""

_UNKNOWN = np.iinfo(np.int64).max
"""Stands for a launch that the profile does not have."""

_Times: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Line:
    """The kernels of one device, sorted by start; of those that start together, the one launched first comes first.

    Times in nanoseconds, `starts` and `launches` after `origin`, the first start. `launches` is `_UNKNOWN` where the
    profile has none. `reach` is how far what had started by then went: the largest end so far. `order` finds the
    kernel in what was given.
    """

    starts: _Times
    ends: _Times
    launches: _Times
    reach: _Times
    order: _Times


def device_time(kernels: Sequence[Kernel]) -> DeviceTime:
    """Say where the time of one device went, whose `kernels` come in any order; all zero where there are none.

    A kernel without duration takes no time, but ends a gap and begins the next: the device did run something.
    """
    if not kernels:
        return DeviceTime(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    line = _line(kernels)
    is_communication = np.fromiter((kernel.activity is Activity.COMMUNICATION for kernel in kernels), np.bool_)[
        line.order
    ]
    busy = _covered(line.starts, line.ends)
    communication = _covered(line.starts[is_communication], line.ends[is_communication])
    others = _covered(line.starts[~is_communication], line.ends[~is_communication])
    span = int(line.reach[-1])
    waited, gaps = _gaps(kernels, line)
    return DeviceTime(
        span_seconds=span * NANOSECOND,
        busy_seconds=busy * NANOSECOND,
        idle_seconds=(span - busy) * NANOSECOND,
        launch_bound_seconds=waited * NANOSECOND,
        kernel_seconds=_sum_ns(kernels, Activity.KERNEL) * NANOSECOND,
        copy_seconds=_sum_ns(kernels, Activity.COPY) * NANOSECOND,
        fill_seconds=_sum_ns(kernels, Activity.FILL) * NANOSECOND,
        communication_seconds=communication * NANOSECOND,
        exposed_communication_seconds=(busy - others) * NANOSECOND,
        gaps=gaps,
    )


def device_times(kernels: Sequence[Kernel]) -> dict[int, DeviceTime]:
    """Say where the time of each device went, by its number."""
    devices: dict[int, list[Kernel]] = defaultdict(list)
    for kernel in kernels:
        devices[kernel.device].append(kernel)
    return {device: device_time(devices[device]) for device in sorted(devices)}


def _line(kernels: Sequence[Kernel]) -> _Line:
    count = len(kernels)
    origin = min(kernel.start_ns for kernel in kernels)
    starts = np.fromiter((kernel.start_ns - origin for kernel in kernels), np.int64, count)
    ends = starts + np.fromiter((kernel.duration_ns for kernel in kernels), np.int64, count)
    launches = np.fromiter(
        (_UNKNOWN if kernel.launched_ns is None else kernel.launched_ns - origin for kernel in kernels), np.int64, count
    )
    order = np.lexsort((launches, starts)).astype(np.int64, copy=False)
    ends = ends[order]
    return _Line(starts[order], ends, launches[order], np.maximum.accumulate(ends), order)


def _sum_ns(kernels: Sequence[Kernel], activity: Activity) -> int:
    return sum(kernel.duration_ns for kernel in kernels if kernel.activity is activity)


def _covered(starts: _Times, ends: _Times) -> int:
    """Return how many nanoseconds lie in at least one of the intervals, which are sorted by start."""
    if not len(starts):
        return 0
    reach = np.maximum.accumulate(ends)
    return int(reach[-1] - starts[0] - np.maximum(starts[1:] - reach[:-1], 0).sum())


def _gaps(kernels: Sequence[Kernel], line: _Line) -> tuple[int, tuple[Gap, ...]]:
    """Return for how many nanoseconds the idle device waited for a launch, and the longest gaps, longest first."""
    last = np.flatnonzero(line.starts[1:] > line.reach[:-1])  # the place before each gap
    begins, ends, launches = line.reach[last], line.starts[last + 1], line.launches[last + 1]
    is_known = launches != _UNKNOWN
    waits = np.where(is_known, np.clip(launches, begins, ends) - begins, 0)
    longest = np.lexsort((begins, begins - ends))[:LONGEST_GAPS]
    return int(waits.sum()), tuple(
        Gap(
            start_seconds=int(begins[gap]) * NANOSECOND,
            seconds=int(ends[gap] - begins[gap]) * NANOSECOND,
            before=_last_to_end(kernels, line, int(last[gap])),
            after=_first_to_start(kernels, line, int(last[gap]) + 1),
            waited_for_host=bool(waits[gap] > 0),
        )
        for gap in longest
    )


def _last_to_end(kernels: Sequence[Kernel], line: _Line, place: int) -> str:
    """Return which of the kernels up to `place` ended last; of several, the first by name."""
    together = np.flatnonzero(line.ends[: place + 1] == line.reach[place])
    return min(kernels[int(line.order[other])].name for other in together)


def _first_to_start(kernels: Sequence[Kernel], line: _Line, place: int) -> str:
    """Return which kernel begins at `place`; of several that were launched together, the first by name."""
    together = np.flatnonzero((line.starts == line.starts[place]) & (line.launches == line.launches[place]))
    return min(kernels[int(line.order[other])].name for other in together)
