"""Predicts single kernels, and how far the predictions are from what was measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from memprof import devices
from memprof.devices import ceilings
from memprof.report.record import DeviceCeilings
from memprof.roofline.points import RooflinePoint, place
from memprof.tensors.precision import get_precision
from memprof.validation.kernel_records import KernelEntry, KernelMeasurement
from memprof.validation.kernel_rows import read_kernels
from memprof.validation.statistics import Errors, errors
from memprof.validation.tables import MeasurementError, Row, Table

LONG_SECONDS = 50e-6
"""Kernels above are judged apart: below, launching sets the latency and not the kernel."""


@dataclass(frozen=True, slots=True)
class KernelCase:
    """A row with what is predicted for it; `predicted_seconds` and `roofline_seconds` are None where it is skipped.

    `predicted_seconds` includes what the protocol of the measurement adds; `roofline_seconds` is the kernels' least,
    `shapes` are the inputs'. `pass_name`, `dtype` and `algorithm` are "" where the file does not tell them apart.
    """

    row: Row
    operator: str
    device: str = ""
    measured_seconds: float | None = None
    predicted_seconds: float | None = None
    roofline_seconds: float | None = None
    bound: str = ""
    shapes: tuple[tuple[int, ...], ...] = ()
    skipped_because: str = ""
    pass_name: str = ""
    dtype: str = ""
    algorithm: str = ""

    @property
    def label(self) -> str:
        """Return what kind of kernel it is: "conv, forward, fp32"."""
        return ", ".join(filter(None, (self.operator, self.pass_name, self.dtype)))

    @property
    def ratio(self) -> float | None:
        """Return predicted over measured latency: above 1 where memprof thinks the device slower than it was."""
        if self.predicted_seconds is None or self.measured_seconds is None:
            return None
        return self.predicted_seconds / self.measured_seconds


@dataclass(frozen=True, slots=True)
class OperatorErrors:
    """The errors of one kind of kernels on one device: of all, and of those measured above LONG_SECONDS.

    With an `algorithm`, only those that the library ran by it.
    """

    operator: str
    device: str
    skipped: int
    errors: Errors
    long: Errors
    pass_name: str = ""
    dtype: str = ""
    algorithm: str = ""

    @property
    def label(self) -> str:
        """Return what kind of kernels they are: "conv, forward, fp32"; of a part, the algorithm."""
        return self.algorithm or ", ".join(filter(None, (self.operator, self.pass_name, self.dtype)))


@dataclass(frozen=True, slots=True)
class KernelValidation:
    """A file's kernels in the file's order."""

    table: Table
    cases: tuple[KernelCase, ...]

    @property
    def predicted(self) -> tuple[KernelCase, ...]:
        """Return the cases that have a prediction."""
        return tuple(case for case in self.cases if case.ratio is not None)

    @property
    def skipped(self) -> tuple[KernelCase, ...]:
        """Return the cases that have none."""
        return tuple(case for case in self.cases if case.ratio is None)


def validate_kernels(table: Table) -> KernelValidation:
    """Predict every kernel of a table that can be predicted; MeasurementError where none can."""
    entries = read_kernels(table)
    validation = KernelValidation(table, tuple(_case(entry) for entry in entries))
    if not entries:
        raise MeasurementError(f"{table.name} holds no kernel", "add a line for each")
    if not validation.predicted:
        first = validation.cases[0]
        raise MeasurementError(
            f"nothing in {table.name} can be predicted: line {first.row.line}: {first.skipped_because}",
            f"correct this line and {len(entries) - 1} more" if len(entries) > 1 else "correct this line",
        )
    return validation


def operator_errors(cases: Sequence[KernelCase]) -> tuple[OperatorErrors, ...]:
    """Return the errors of each operator, pass and dtype on each device, kernel sizes in their order.

    Where a file names several algorithms of a group, the errors of each follow those of the group.
    """
    groups: dict[tuple[str, str], list[KernelCase]] = {}
    for case in sorted(cases, key=lambda case: _sort_key(case.operator)):
        if case.ratio is not None:
            groups.setdefault((case.label, case.device), []).append(case)
    result = []
    for (label, _), group in groups.items():
        result.append(_group_errors(group, sum(case.label == label and case.ratio is None for case in cases)))
        algorithms = sorted({case.algorithm for case in group})
        if len(algorithms) > 1:
            parts = [[case for case in group if case.algorithm == algorithm] for algorithm in algorithms]
            result += [replace(_group_errors(part, 0), algorithm=part[0].algorithm) for part in parts]
    return tuple(result)


def _group_errors(group: Sequence[KernelCase], skipped: int) -> OperatorErrors:
    first = group[0]
    return OperatorErrors(
        first.operator,
        first.device,
        skipped,
        _errors(group),
        _errors([case for case in group if (case.measured_seconds or 0) > LONG_SECONDS]),
        first.pass_name,
        first.dtype,
    )


def _errors(cases: Sequence[KernelCase]) -> Errors:
    pairs = [(case.predicted_seconds or 0.0, case.measured_seconds or 0.0) for case in cases if case.ratio is not None]
    return errors([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _sort_key(operator: str) -> tuple[str, int]:
    number = re.search(r"\d{1,9}$", operator)
    return (operator[: number.start()], int(number[0])) if number else (operator, 0)


def _case(entry: KernelEntry) -> KernelCase:
    measurement = entry.measurement
    if measurement is None:
        return KernelCase(entry.row, entry.operator, skipped_because=entry.reason)
    point = kernel_point(measurement)
    if point is None:
        return KernelCase(entry.row, entry.operator, skipped_because=f"{measurement.call.name} has no formula")
    return KernelCase(
        entry.row,
        measurement.operator,
        measurement.device,
        measured_seconds=measurement.seconds,
        predicted_seconds=max(
            measurement.floor_seconds, measurement.launch_seconds + measurement.calls * point.seconds
        ),
        roofline_seconds=measurement.calls * point.roofline_seconds,
        bound=point.bound,
        shapes=tuple(tensor.shape for tensor in measurement.call.tensors()),
        pass_name=measurement.pass_name,
        dtype=measurement.dtype,
        algorithm=measurement.algorithm,
    )


def kernel_point(measurement: KernelMeasurement) -> RooflinePoint | None:
    """Return the call alone on its device, None where nobody can cost it.

    The host's time to launch it is left out: it passes before the kernel starts, and the protocol's overhead is that.
    """
    from memprof.analysis.assembly import cost_calls

    costed, _ = cost_calls([measurement.call])
    if not costed:
        return None
    roofs = _kernel_ceilings(measurement.device, measurement.precision, measurement.clock)
    return place(costed, roofs, get_precision(measurement.precision))[0]


@cache
def _kernel_ceilings(name: str, precision: str, clock: float) -> DeviceCeilings:
    roofs = ceilings(devices.get(name), precision)
    peaks = {engine: clock * peak for engine, peak in roofs.peak_flops_per_second.items()}
    return replace(roofs, peak_flops_per_second=peaks)
