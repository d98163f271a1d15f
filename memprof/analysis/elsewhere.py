"""A simulated step on other devices than the one that it was asked for: held against each, without running it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from memprof.analysis.assembly import CostedStep, assumptions, device_warnings, memory_of, step_error_of, with_error
from memprof.analysis.rows import add_up, equal_calls, row_of
from memprof.devices import list_devices
from memprof.devices.ceilings import ceilings, default_precision, precisions
from memprof.devices.record import CPU as CPU_ARCHITECTURE
from memprof.devices.record import Device
from memprof.report.elsewhere import Elsewhere
from memprof.report.record import HostCosts, OperatorRow, Report, Totals
from memprof.roofline.points import RooflinePoint, place
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CPU

_SAME_STEP = ("fp32", "tf32")
"""Precisions in which a step is the same: float32 tensors, whatever multiplies them."""


@dataclass(frozen=True, slots=True)
class Held:
    """A report with the step that it was made of.

    `precision` is what was asked for, or the model's own; None where each device takes its default.
    """

    report: Report
    step: CostedStep
    host: HostCosts
    precision: str | None = None

    def elsewhere(self, targets: Iterable[Device] | None = None) -> tuple[Elsewhere, ...]:
        """Return the step on those of `targets`, by default the catalogue, that it has a precision on."""
        home = self.report
        if home.device.kind == CPU:  # of which nothing is predicted
            return ()
        points = _points(self.step, self.report)
        groups = equal_calls(points)
        found = []
        for record in list_devices() if targets is None else targets:
            precision = self.precision or default_precision(record)
            same = precision == home.workload.precision or {precision, home.workload.precision} <= set(_SAME_STEP)
            if record.architecture == CPU_ARCHITECTURE or record.name == home.device.name:
                continue
            if same and precision in precisions(record):
                roofs = ceilings(record, precision, self.host)
                there = replace(home, workload=replace(home.workload, precision=precision), device=roofs)
                found.append(_held(there, self.step, groups))
        return tuple(found)


def _points(step: CostedStep, report: Report) -> list[RooflinePoint]:
    points = place(step.costed, report.device, get_precision(report.workload.precision))
    return [point for point in points if point.costed.works]


def _held(home: Report, step: CostedStep, groups: Sequence[Sequence[int]]) -> Elsewhere:
    """Hold a step against the device of `home`, whose operators are those of another; `groups` are their calls."""
    points = _points(step, home)
    rows: list[OperatorRow] = []
    places: list[int] = []
    for at, (row, group) in enumerate(zip(home.operators, groups, strict=True)):
        own = _rows(row, [points[index] for index in group])
        rows += [with_error(item, home.workload, home.device) for item in own]
        places += [at] * len(own)
    report = replace(
        home,
        totals=_totals(home, step, points),
        memory=memory_of(step.memory, home.device) if step.memory is not None else None,
        operators=tuple(rows),
        warnings=(*step.remarks, *assumptions(step.costed), *device_warnings(home.coverage, home.device)),
    )
    return Elsewhere(report, tuple(places))


def _rows(row: OperatorRow, points: Sequence[RooflinePoint]) -> list[OperatorRow]:
    """Return what the calls of a row are here: one row, or one for each of the things that bind them."""
    bounds = dict.fromkeys(point.bound for point in points)
    if len(bounds) > 1:
        return [row_of([point for point in points if point.bound == bound], None) for bound in bounds]
    seconds, least = (add_up(getattr(point, name) for point in points) for name in ("seconds", "roofline_seconds"))
    attainable = row.flops / least if least else 0.0
    first = points[0]
    return [
        replace(
            row,
            engine=first.engine,
            bound=first.bound,
            seconds=seconds,
            roofline_seconds=least,
            attainable_flops_per_second=attainable,
        )
    ]


def _totals(home: Report, step: CostedStep, points: Sequence[RooflinePoint]) -> Totals:
    seconds, least = (add_up(getattr(point, name) for point in points) for name in ("seconds", "roofline_seconds"))
    images = home.workload.batch_size * step.steps
    return replace(
        home.totals,
        seconds=seconds,
        images_per_second=images / seconds if seconds else 0.0,
        roofline_seconds=least,
        roofline_images_per_second=images / least if least else 0.0,
        relative_error=step_error_of(points, home.workload, home.device),
    )
