"""What a measured report reached, in figures: times of a step, rates, shares of roofs; and how to tell of its steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memprof.report import groups
from memprof.report.groups import Group, share
from memprof.report.record import OperatorRow, Report
from memprof.report.run import DeviceTime, KernelRow, Stray, Timing
from memprof.vocabulary import CPU, MEMORY_LEVELS

ABOVE = 1.005
"""What of its roof an operator must reach to be told as one above it: less is rounding."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The bytes of `rows` operators that cross one memory level: counted by the hardware, and as modelled here."""

    level: str
    rows: int
    counted_bytes: float
    modelled_bytes: float

    @property
    def ratio(self) -> float | None:
        """Return counted over modelled bytes, None where nothing is modelled."""
        return self.counted_bytes / self.modelled_bytes if self.modelled_bytes else None


def steps(report: Report) -> int:
    """Return how many steps the report's sums are of."""
    return max(1, report.measured.steps) if report.measured else 1


def per_step(report: Report) -> str:
    """Say what a sum is of, beside its figure: "per step", or "in 3 steps"."""
    return "per step" if steps(report) == 1 else f"in {steps(report)} steps"


def a_step(report: Report) -> str:
    """Say what a sum is of, in a sentence: "a step", or "in 3 steps"."""
    return "a step" if steps(report) == 1 else f"in {steps(report)} steps"


def noun(report: Report) -> str:
    """Return what a batch is made of: "images", or "samples" where a trace has none that are known."""
    return "images" if report.workload.resolution is not None else "samples"


def predicts(report: Report) -> bool:
    """Return whether the report's `seconds` are more than a bound: there is a time model of GPUs only."""
    return report.device.kind != CPU


def step_seconds(report: Report) -> float:
    """Return the time of one step from start to end: the median of those timed, else the span over its steps."""
    if report.measured is None:
        return report.totals.seconds
    timing = report.measured.timing
    return timing.median_seconds if timing else report.measured.seconds / steps(report)


def least_step_seconds(report: Report) -> float:
    """Return the least possible time of one step."""
    return report.totals.roofline_seconds / steps(report)


def predicted_step_seconds(report: Report) -> float:
    """Return the predicted time of one step."""
    return report.totals.seconds / steps(report)


def image_seconds(report: Report) -> float:
    """Return the time of one image, measured or else predicted; of a whole step where the batch is not known."""
    return step_seconds(report) / max(1, report.workload.batch_size)


def rate_interval(report: Report) -> tuple[float, float] | None:
    """Return the ends of the 95 % interval of images per second; None where steps were not timed one by one."""
    measured = report.measured
    timing = measured.timing if measured else None
    if measured is None or not measured.images_per_second or timing is None:
        return None
    if not timing.low_seconds or not timing.high_seconds:
        return None
    images = measured.images_per_second * timing.median_seconds
    return images / timing.high_seconds, images / timing.low_seconds


def overall(report: Report) -> Group:
    """Return all operators as one group: its `roof_share` is what of the roofs was reached while they ran."""
    return groups.together(report, report.operators)


def reached_by_step(report: Report) -> float | None:
    """Return the least possible over the measured time of a step, its idle time included; None where one is not known.

    A step of a CPU, or one that was timed apart from its profile, counts with its timed median.
    """
    least, took = least_step_seconds(report), step_seconds(report)
    return least / took if least and took else None


def flops_per_second(report: Report) -> float:
    """Return the rate of arithmetic while the operators ran."""
    return share(report.totals.flops, report.totals.measured_seconds or 0.0)


def bytes_per_second(report: Report) -> float:
    """Return the rate of DRAM traffic, as modelled, while the operators ran."""
    return share(report.totals.dram_bytes, report.totals.measured_seconds or 0.0)


def above_roof(report: Report) -> tuple[Group, ...]:
    """Return the operators that are faster than a ceiling allows, furthest above it first."""
    if not groups.is_measured(report):
        return ()
    found = [group for group in groups.by_operator(report) if is_above(group)]
    return tuple(sorted(found, key=lambda group: -(group.roof_share or 0.0)))


def is_above(group: Group) -> bool:
    """Return whether a group is faster than its ceilings allow."""
    return (group.roof_share or 0.0) > ABOVE


def counted(rows: Iterable[OperatorRow]) -> tuple[Traffic, ...]:
    """Return counted beside modelled bytes of those operators that were counted, by memory level; empty where none."""
    rows = tuple(rows)
    found = []
    for level in MEMORY_LEVELS:
        own = [row for row in rows if getattr(row, f"counted_{level}_bytes") is not None]
        bytes_of = [sum(getattr(row, name) for row in own) for name in (f"counted_{level}_bytes", f"{level}_bytes")]
        found += [Traffic(level, len(own), *map(float, bytes_of))] if own else []
    return tuple(found)


def kernels(report: Report) -> tuple[KernelRow, ...]:
    """Return what the device ran, equal names together, the longest first; those of no operator included."""
    sums: dict[tuple[str, str], tuple[int, float]] = {}
    strays = report.measured.strays if report.measured else ()
    ran: list[KernelRow | Stray] = [*(kernel for row in report.operators for kernel in row.kernels), *strays]
    for item in ran:
        calls, seconds = sums.get((item.name, item.activity), (0, 0.0))
        sums[item.name, item.activity] = calls + item.calls, seconds + item.seconds
    rows = [KernelRow(*key, *value) for key, value in sums.items()]
    return tuple(sorted(rows, key=lambda row: (-row.seconds, row.name)))


def stray_seconds(report: Report) -> float:
    """Return the time of what the device ran for no operator with recorded shapes."""
    return sum(stray.seconds for stray in report.measured.strays) if report.measured else 0.0


def spread(timing: Timing) -> float:
    """Return the width of what was measured over its median: (slowest - fastest) / median."""
    return share(max(timing.step_seconds, default=0.0) - min(timing.step_seconds, default=0.0), timing.median_seconds)


def overhead(timing: Timing) -> float:
    """Return what the profiler added to a step, over the step's median; below 0 where the profiled step was faster."""
    return share(timing.profiled_seconds - timing.median_seconds, timing.median_seconds)


def partition(time: DeviceTime) -> tuple[tuple[str, float], ...]:
    """Divide the span into parts that do not overlap: computing, communication beside which nothing ran, idle."""
    exposed = min(time.exposed_communication_seconds, time.busy_seconds)
    waiting = min(time.launch_bound_seconds, time.idle_seconds)
    return (
        ("computing or copying", time.busy_seconds - exposed),
        ("communication only", exposed),
        ("waiting for launches", waiting),
        ("otherwise idle", time.idle_seconds - waiting),
    )


def is_throttled(report: Report) -> bool:
    """Return whether the device was slowed down while it was measured."""
    return report.telemetry is not None and report.telemetry.throttled
