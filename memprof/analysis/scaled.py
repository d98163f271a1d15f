"""A traced step on another GPU: each operator's measured time, times what is predicted there over here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from memprof import units
from memprof.analysis.assembly import assemble_report
from memprof.analysis.traced import analyze_trace, check_operators, cost_trace, device_of
from memprof.devices import list_devices
from memprof.devices.ceilings import ceilings, precisions
from memprof.devices.record import CPU, Device
from memprof.errors import DeviceError, WorkloadError
from memprof.report.record import DeviceCeilings, OperatorRow, Report, ReportWarning, Totals
from memprof.roofline.points import CostedCall, RooflinePoint, place, without_host
from memprof.tensors.precision import get_precision
from memprof.traces.records import Trace
from memprof.traces.selection import whole_steps
from memprof.vocabulary import NANOSECOND, SCALED_TIMES


def is_another(trace: Trace, device: Device) -> bool:
    """Tell whether `device` is another GPU than the one that a trace names, both of them in the catalogue.

    A device that a file describes, as that of a part of a GPU, is what ran the trace; so is any where the trace names
    none that memprof knows.
    """
    try:
        own = device_of(trace)
    except DeviceError:
        return False
    return device != own and device.architecture != CPU and device in list_devices()


def check_alone(device: Device, traces: int, *, counters: Path | None, model: str | None) -> None:
    """Raise WorkloadError where what is scaled to another GPU is asked to go with what was measured on its own."""
    wrong = [f"{traces} traces"] if traces > 1 else []
    wrong += [name for name, value in (("--counters", counters), ("--model", model)) if value is not None]
    if wrong:
        raise WorkloadError(
            f"times scaled to {device.name} do not go with {wrong[0]}", "leave out --device, or give one trace alone"
        )


def scale_trace(trace: Trace, device: Device, precision: str | None = None) -> Report:
    """Predict a step of a trace on another GPU: operators' measured times by the ratios of those predicted.

    The precision is the trace's, where `device` has it and nothing else is asked for, else fp32. What no formula knows
    and what no operator launched has no ratio and is left out, and so is idle time: a warning says how much. Errors as
    of `analyze_trace`.
    """
    here = analyze_trace(trace)
    check_operators(here)
    own, known = here.workload.precision, precisions(device)
    workload = replace(here.workload, precision=precision or (own if own in known else "fp32"))
    step, _ = cost_trace(whole_steps(trace))
    calls = [item for item in step.costed if item.works]
    others = [item if workload.precision == own else replace(item, on_cuda_cores=False) for item in calls]
    # No compared class: errors are those of whole predictions, not of measured times that are scaled.
    target = replace(ceilings(device, workload.precision), compared="")
    ran = _place(calls, here.device, own)
    points = [_scaled(*pair) for pair in zip(ran, _place(others, target, workload.precision), strict=True)]
    report = assemble_report(replace(step, clock=None), workload, target, points)
    return replace(
        report,
        totals=_totals_a_step(report.totals, step.steps),
        operators=tuple(_row_a_step(row, step.steps) for row in report.operators),
        warnings=(_remark(here, report, step.steps), *report.warnings, *_of_trace(here, report)),
        environment=here.environment,
    )


def _place(calls: Sequence[CostedCall], device: DeviceCeilings, precision: str) -> list[RooflinePoint]:
    return place(calls, without_host(device), get_precision(precision))


def _scaled(ran: RooflinePoint, there: RooflinePoint) -> RooflinePoint:
    """Return what a call is predicted to be on another device, with its measured time scaled, and no kernels."""
    call = ran.costed.call
    measured = sum(kernel.duration_ns for kernel in call.kernels) * NANOSECOND
    seconds = measured * there.seconds / ran.seconds if ran.seconds else 0.0
    return replace(there, seconds=seconds, costed=replace(there.costed, call=replace(call, kernels=())))


def _totals_a_step(totals: Totals, steps: int) -> Totals:
    names = "flops", "dram_bytes", "l2_bytes", "l1_bytes", "seconds", "roofline_seconds", "host_seconds"
    parts = {name: getattr(totals, name) / steps for name in names}
    return replace(totals, launches=round(totals.launches / steps), **parts)


def _row_a_step(row: OperatorRow, steps: int) -> OperatorRow:
    names = "flops", "dram_bytes", "l2_bytes", "l1_bytes", "seconds", "roofline_seconds"
    parts = {name: getattr(row, name) / steps for name in names}
    calls, launches = (max(1, round(count / steps)) for count in (row.calls, row.launches))
    return replace(row, calls=calls, launches=launches, **parts)


def _remark(here: Report, there: Report, steps: int) -> ReportWarning:
    assert here.measured is not None
    unscaled = sum(row.measured_seconds or 0.0 for row in here.operators if not row.seconds)
    unscaled += here.measured.stray_seconds
    left = f"; {units.seconds(unscaled / steps)} a step without a prediction" if unscaled else ""
    return ReportWarning(
        SCALED_TIMES,
        f"Times are scaled from measured times on {here.device.title} by predicted ratios: a prediction{left}"
        f"{' and' if unscaled else ';'} idle time {'are' if unscaled else 'is'} left out",
        f"record a trace on {there.device.title} to measure them",
    )


def _of_trace(here: Report, there: Report) -> list[ReportWarning]:
    """Return the warnings of the trace itself."""
    codes = {warning.code for warning in there.warnings}
    own = [warning for warning in here.warnings if warning.code not in codes]
    return [warning for warning in own if not (warning.code.startswith("no-") and warning.code.endswith("-bandwidth"))]
