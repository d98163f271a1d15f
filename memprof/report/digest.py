"""What findings and writers read of a report, computed from it once: its times, its sums, and the words for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memprof import units
from memprof.report.groups import Group, Wholes, group_rows, like_key, module_at, module_depth, share, sum_rows
from memprof.report.labels import describe, labels
from memprof.report.record import DeviceCeilings, OperatorRow, Report, Totals
from memprof.report.run import DeviceTime, KernelRow, Stray, Timing
from memprof.vocabulary import CPU, GROUPINGS


@dataclass(frozen=True, slots=True)
class TimeWords:
    """What to call a report's times, and how to speak of a whole that they are of.

    `name` is what shares are of, `adjective` what it is without "time"; `needs`, `bound` and `counts` are verbs, `sums`
    is what operators without a formula are missing from.
    """

    name: str
    adjective: str
    needs: str = "is predicted to need"
    bound: str = "is bound"
    counts: str = "counts as"
    sums: str = "total"


_IMAGES = re.compile(r"\d+x\d+x\d+x\d+", re.ASCII)
"""A model's only input where that are images which are not square."""
_MEASURED = TimeWords(
    "measured time", "measured", "needs", "is spent in operators bound", "is", "sum of FLOPs or bytes"
)
_PREDICTED = TimeWords("predicted time", "predicted")
_LEAST = TimeWords("least possible time", "least possible")


@dataclass(frozen=True, slots=True)
class Digest:
    """A report with its operators grouped in every way that is shown, the longest time first in each.

    `label` names it among the reports that are shown together. Its times are measured where `is_measured`, otherwise
    predicted; `predicts` says whether predicted ones are more than a bound: there is a time model of GPUs only. `time`
    has the words for the time that shares are of. `whole` is all operators in one group, `engines` groups by what
    computes, `operators` calls that are equal but for the numbers in their module path. `kernels` is what the device
    ran, equal names together, the longest first; those of no operator included.
    """

    report: Report
    label: str
    is_measured: bool
    predicts: bool
    time: TimeWords
    wholes: Wholes
    whole: Group
    kinds: tuple[Group, ...]
    bounds: tuple[Group, ...]
    engines: tuple[Group, ...]
    phases: tuple[Group, ...]
    modules: tuple[Group, ...]
    operators: tuple[Group, ...]
    shapes: tuple[Group, ...]
    kernels: tuple[KernelRow, ...]

    def groups(self, grouping: str) -> tuple[Group, ...]:
        """Return the groups of one of `GROUPINGS`; ValueError for anything else."""
        if grouping not in GROUPINGS:
            raise ValueError(f"cannot group by {grouping!r}; one of {', '.join(GROUPINGS)}")
        groups: tuple[Group, ...] = getattr(self, f"{grouping}s")
        return groups

    def costliest(self, grouping: str) -> tuple[Group, ...]:
        """Return the groups of one of `GROUPINGS`, first those that lose most, or take most where no loss is known."""
        groups = self.groups(grouping)
        return tuple(sorted(groups, key=lambda group: -group.losable_seconds)) if self.is_measured else groups

    @property
    def has_modules(self) -> bool:
        """Return whether the report tells modules apart; a trace may not."""
        return not self.is_measured or any(row.module for row in self.report.operators)

    def kind(self, name: str) -> Group | None:
        """Return all operators of a kind, None where there are none."""
        return next((group for group in self.kinds if group.name == name), None)

    def sum_rows(self, rows: Sequence[OperatorRow], name: str = "") -> Group:
        """Sum some of the report's operators into one group."""
        return sum_rows(name, rows, self.wholes)

    def bound_share(self, *bounds: str) -> float:
        """Return the fraction of the time in which one of `bounds` sets the pace."""
        return sum(group.time_share for group in self.bounds if group.name in bounds)

    @property
    def device(self) -> DeviceCeilings:
        """Return the ceilings that the report holds operators against."""
        return self.report.device

    @property
    def totals(self) -> Totals:
        """Return the sums over all steps."""
        return self.report.totals

    @property
    def device_time(self) -> DeviceTime | None:
        """Return where the device's time went, None where that was not measured."""
        return self.report.measured.device_time if self.report.measured else None

    @property
    def timing(self) -> Timing | None:
        """Return how the steps were timed one by one, None where they were not."""
        return self.report.measured.timing if self.report.measured else None

    @property
    def workload(self) -> str:
        """Return what was analysed, but for the model: "inference, tf32, batch 128, 224 px, channels-last"."""
        return describe(self.report.workload)

    @property
    def noun(self) -> str:
        """Return what a batch is made of: "images", or "samples" where a trace has none that are known."""
        work = self.report.workload
        return "images" if work.resolution is not None or _IMAGES.fullmatch(work.inputs) else "samples"

    @property
    def steps(self) -> int:
        """Return how many steps the report's sums are of."""
        return max(1, self.report.measured.steps) if self.report.measured else 1

    @property
    def per_step(self) -> str:
        """Say what a sum is of, beside its figure: "per step", or "in 3 steps"."""
        return "per step" if self.steps == 1 else f"in {self.steps} steps"

    @property
    def a_step(self) -> str:
        """Say what a sum is of, in a sentence: "a step", or "in 3 steps"."""
        return "a step" if self.steps == 1 else f"in {self.steps} steps"

    @property
    def step_seconds(self) -> float:
        """Return the time of one step from start to end: the median of those timed, else the span over its steps."""
        measured = self.report.measured
        if measured is None:
            return self.totals.seconds
        return measured.timing.median_seconds if measured.timing else measured.seconds / self.steps

    @property
    def least_step_seconds(self) -> float:
        """Return the least possible time of one step."""
        return self.totals.roofline_seconds / self.steps

    @property
    def predicted_step_seconds(self) -> float:
        """Return the predicted time of one step."""
        return self.totals.seconds / self.steps

    @property
    def image_seconds(self) -> float:
        """Return the time of one image, measured or else predicted; of a whole step where the batch is not known."""
        return self.step_seconds / max(1, self.report.workload.batch_size)

    @property
    def rate_interval(self) -> tuple[float, float] | None:
        """Return the ends of the 95 % interval of images per second; None where steps were not timed one by one."""
        measured, timing = self.report.measured, self.timing
        if measured is None or not measured.images_per_second or timing is None:
            return None
        if not timing.low_seconds or not timing.high_seconds:
            return None
        images = measured.images_per_second * timing.median_seconds
        return images / timing.high_seconds, images / timing.low_seconds

    @property
    def step_roof_share(self) -> float | None:
        """Return the least possible over the measured time of a step, its idle time included; None where unknown.

        A step of a CPU, or one that was timed apart from its profile, counts with its timed median.
        """
        least, seconds = self.least_step_seconds, self.step_seconds
        return least / seconds if least and seconds else None

    @property
    def flops_per_second(self) -> float:
        """Return the rate of arithmetic while the operators ran."""
        return share(self.totals.flops, self.totals.measured_seconds or 0.0)

    @property
    def bytes_per_second(self) -> float:
        """Return the rate of DRAM traffic, as modelled, while the operators ran."""
        return share(self.totals.dram_bytes, self.totals.measured_seconds or 0.0)

    @property
    def is_throttled(self) -> bool:
        """Return whether the device was slowed down while it was measured."""
        return self.report.telemetry is not None and self.report.telemetry.throttled

    @property
    def above_roof(self) -> tuple[Group, ...]:
        """Return the operators that were measured faster than a ceiling allows, furthest above it first."""
        above = [group for group in self.operators if group.is_above_roof]
        return tuple(sorted(above, key=lambda group: -(group.roof_share or 0.0)))

    @property
    def main_engine(self) -> Group | None:
        """Return the operators of the engine that does most of the FLOPs, None where there are no FLOPs."""
        return max((group for group in self.engines if group.flops), key=lambda group: group.flops, default=None)

    @property
    def shown_engines(self) -> tuple[str, ...]:
        """Return the compute engines whose ceilings to show: those that do FLOPs here, the fastest first."""
        used = {group.name for group in self.engines if group.flops}
        peaks = self.report.device.peak_flops_per_second
        own = [engine for engine in peaks if engine in used]  # in one order where two are equally fast
        return tuple(sorted(own, key=lambda engine: -peaks[engine])) or tuple(peaks)


def digests(reports: Sequence[Report | Digest]) -> tuple[Digest, ...]:
    """Digest reports that are shown together; what is a digest already stays as it is."""
    whole = [item.report if isinstance(item, Digest) else item for item in reports]
    return tuple(
        item if isinstance(item, Digest) else digest(item, label)
        for item, label in zip(reports, labels(whole), strict=True)
    )


def digest(report: Report, label: str | None = None) -> Digest:
    """Digest one report; `label` is its model's name unless something else tells it from others."""
    rows, is_measured, is_gpu = report.operators, report.measured is not None, report.device.kind != CPU
    wholes = Wholes.of(rows, is_measured=is_measured)
    depth = module_depth(rows, wholes)
    shapes = group_rows(rows, lambda row: row.input_shapes, wholes)
    return Digest(
        report=report,
        label=report.workload.model if label is None else label,
        is_measured=is_measured,
        predicts=is_gpu and bool(rows),
        time=_MEASURED if is_measured else _PREDICTED if is_gpu else _LEAST,
        wholes=wholes,
        whole=sum_rows("", rows, wholes),
        kinds=group_rows(rows, lambda row: row.kind, wholes),
        bounds=group_rows(rows, lambda row: row.bound, wholes),
        engines=group_rows(rows, lambda row: row.engine, wholes),
        phases=group_rows(rows, lambda row: row.phase, wholes),
        modules=group_rows(rows, lambda row: module_at(row, depth), wholes),
        operators=group_rows(rows, like_key, wholes),
        shapes=tuple(replace(group, name=_shapes_name(group)) for group in shapes),
        kernels=_kernels(report),
    )


def _shapes_name(group: Group) -> str:
    return units.shapes(group.rows[0].input_shapes) or "(no tensor)"


def _kernels(report: Report) -> tuple[KernelRow, ...]:
    sums: dict[tuple[str, str], tuple[int, float]] = {}
    strays = report.measured.strays if report.measured else ()
    ran: list[KernelRow | Stray] = [*(kernel for row in report.operators for kernel in row.kernels), *strays]
    for item in ran:
        calls, seconds = sums.get((item.name, item.activity), (0, 0.0))
        sums[item.name, item.activity] = calls + item.calls, seconds + item.seconds
    rows = [KernelRow(*key, *value) for key, value in sums.items()]
    return tuple(sorted(rows, key=lambda row: (-row.seconds, row.name)))
