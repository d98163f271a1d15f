"""From a trace to a report: its operators under the roofline of the device that ran them, with what it measured."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from memprof import units
from memprof.analysis.assembly import CostedStep, assemble_report, cost_profile
from memprof.analysis.kernel_runs import kernel_runs
from memprof.analysis.rows import Clock
from memprof.analysis.strays import sum_strays
from memprof.analysis.trace_workload import is_on_cuda_cores, unknown_workload, workload_of
from memprof.calls import OperatorCall
from memprof.counters import join, read_counters
from memprof.devices.ceilings import ceilings, precisions
from memprof.devices.hosts import default_costs
from memprof.devices.record import Device
from memprof.devices.reported import identify
from memprof.errors import DeviceError, TraceError, WorkloadError
from memprof.profiles.records import Activity, Kernel
from memprof.report.record import Report, ReportWarning
from memprof.report.run import DeviceTime, Measured, Stray
from memprof.traces.busy import device_times
from memprof.traces.records import Trace, TraceDevice
from memprof.traces.selection import whole_steps
from memprof.vocabulary import NANOSECOND

WITHOUT_SHAPES = "the operator that launched it has no recorded shapes"
_RECORD_OPERATORS = (
    "record it with activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]: operators are the CPU part"
)
_RECORD_SHAPES = "record it with torch.profiler.profile(record_shapes=True)"
_COMPUTED = frozenset({Activity.KERNEL, Activity.COMMUNICATION})
"""What profilers call kernels: copies and fills are not."""
_MOST_STRAYS = 200
_TRANSFER = re.compile("HtoD|DtoH|HostToDevice|DeviceToHost", re.IGNORECASE)
"""Of the names of copies between host and device, by CUPTI ("Memcpy HtoD") and ROCm ("CopyHostToDevice")."""


def analyze_trace(trace: Trace, *, device: Device | None = None, precision: str | None = None) -> Report:
    """Hold the operators of a trace against `device`, by default the one that the trace names.

    The report's times are those of all the trace's steps together. A trace of kernels only, or whose operators have no
    shapes, tells where the device's time went, and has no rows. DeviceError where the trace names no device that
    memprof knows, TraceError where it holds neither kernels nor operators with shapes.
    """
    target = device or device_of(trace)
    whole, trace = trace, whole_steps(trace)
    step, shapeless = cost_trace(trace)
    workload = workload_of(_name(trace), step.costed, precisions(target), step.steps)
    if precision is not None:
        workload = replace(workload, precision=precision)
    report = assemble_report(step, workload, ceilings(target, workload.precision, default_costs()))
    if not step.costed and not step.unknown:
        report = replace(report, workload=unknown_workload(workload.model))
    measured, warnings = _measured(trace, report, _strays(trace, shapeless), step.steps)
    measured = _with_runs(measured, trace, step, report)
    return replace(
        report,
        measured=measured,
        warnings=(*report.warnings, *trace.warnings, *left_out(whole, trace), *warnings),
        environment={name: value for name, value in report.environment.items() if name != "torch"},
    )


def _with_runs(measured: Measured, trace: Trace, step: CostedStep, report: Report) -> Measured:
    """Return what was measured with what its device ran when."""
    if measured.device_time is None:
        return measured
    chosen = _busiest(trace.kernels)
    kernels = [kernel for kernel in trace.kernels if kernel.device == chosen]
    runs = kernel_runs(kernels, [*(item.call for item in step.costed), *step.unknown], report.operators)
    return replace(measured, device_time=replace(measured.device_time, runs=runs))


def cost_trace(trace: Trace) -> tuple[CostedStep, list[OperatorCall]]:
    """Cost the calls of a trace that have shapes, and return those that have none.

    TraceError where it has neither operators with shapes nor kernels.
    """
    costed, unknown = cost_profile(trace.profile)
    calls = [*(item.call for item in costed), *unknown]
    if not any(call.tensors() for call in calls):  # all that is known is what the device did
        if not trace.kernels:
            raise TraceError(f"{trace.path} holds no operators with recorded shapes", _record_again(trace))
        costed, unknown = (), tuple(calls)
    step = CostedStep(
        costed=tuple(
            replace(item, works=() if _is_transfer(item.call) else item.works, on_cuda_cores=is_on_cuda_cores(item))
            for item in costed
        ),
        unknown=tuple(call for call in unknown if call.tensors()),
        parameters=0,
        memory=None,
        clock=Clock.DEVICE if trace.kernels else Clock.HOST,
        steps=max(1, len(trace.steps)),
        read_share=trace.read_share,
    )
    return step, [call for call in unknown if not call.tensors()]


def check_selection(
    files: Sequence[Path],
    *,
    step: int | None,
    rank: int | None,
    start: float | None,
    end: float | None,
    counters: Path | None,
    model: str | None,
    against: Path | None = None,
) -> None:
    """Raise WorkloadError where the files and what is selected of them do not go together."""
    if step is not None and (start is not None or end is not None):
        raise WorkloadError("a step and a stretch of time are selected", "give --step, or --from and --to")
    if start is not None and end is not None and start >= end:
        raise WorkloadError(f"--from {start:g} is not before --to {end:g}", "give seconds since the trace's start")
    beside = [
        name for name, value in (("--rank", rank), ("--counters", counters), ("--model", model)) if value is not None
    ]
    if against is not None and (len(files) > 1 or beside):
        what = beside[0] if beside else f"{len(files)} traces"
        raise WorkloadError(f"--against goes with one trace, not with {what}", "give one FILE, and --against another")
    repeated = [path for path, count in Counter(map(str, files)).items() if count > 1]
    if repeated:
        raise WorkloadError(f"{repeated[0]} is given twice", "give each rank's file once")
    if len(files) > 1 and rank is None and (counters is not None or model is not None):
        option = "--counters" if counters is not None else "--model"
        raise WorkloadError(f"{option} goes with one trace, and {len(files)} are given", "choose one with --rank")


def select_rank(traces: Sequence[Trace], rank: int) -> list[Trace]:
    """Return the trace of a rank; TraceError where none, or more than one, is of that rank."""
    chosen = [trace for trace in traces if trace.rank == rank]
    if len(chosen) != 1:
        known = ", ".join(str(trace.rank) for trace in traces if trace.rank is not None)
        there = f"the files are of ranks {known}" if known else "no file says of which rank it is"
        raise TraceError(f"{len(chosen) or 'no'} files are of rank {rank}: {there}", "choose another, or give its file")
    return chosen


def check_operators(report: Report) -> None:
    """Raise TraceError where the report of a trace has no operators with shapes to line up with those of a model."""
    if report.operators:
        return
    by_order = f"{_RECORD_SHAPES}; `memprof validate --trace FILE --model NAME` lines operators up by their order"
    has_some = any(warning.code == "no-shapes" for warning in report.warnings)
    raise TraceError(
        f"{report.workload.model} holds no operators with recorded shapes to line up with a model",
        by_order if has_some else _RECORD_OPERATORS,
    )


def add_counters(report: Report, path: Path) -> Report:
    """Return the report with the bytes that hardware counters counted of its operators.

    CountersError where the file cannot be read or belongs to another run.
    """
    operators, warnings = join(read_counters(path), report.operators)
    return replace(report, operators=operators, warnings=(*report.warnings, *warnings))


def device_of(trace: Trace) -> Device:
    """Return the device that most of a trace's kernels ran on; DeviceError where memprof does not know it."""
    choose = "name it with --device, or a file that describes it"
    if not trace.kernels:
        raise DeviceError(
            f"{trace.path} has no GPU kernels, so it does not say what ran its operators",
            f"{choose}; `memprof calibrate` measures this machine as the device `host`",
        )
    reported = _reported_device(trace)
    if reported is None or not reported.name:
        raise DeviceError(f"{trace.path} does not name its GPU", choose)
    try:
        return identify(reported.name, reported.sm_count, reported.memory_bytes)
    except DeviceError as error:
        raise DeviceError(f"{trace.path} was recorded on {error.what}", error.remedy) from None


def device_name(trace: Trace) -> str:
    """Return what the trace calls the device that ran most of its kernels, "" where it has no name."""
    reported = _reported_device(trace)
    return reported.name if reported else ""


def _reported_device(trace: Trace) -> TraceDevice | None:
    by_index = {item.index: item for item in trace.devices}
    return by_index.get(_busiest(trace.kernels)) if trace.kernels else None


def _is_transfer(call: OperatorCall) -> bool:
    """Return whether all that a call launched moves data between host and device: no roof of the device bounds that."""
    return bool(call.kernels) and all(
        kernel.activity is Activity.COPY and _TRANSFER.search(kernel.name) for kernel in call.kernels
    )


def _busiest(kernels: Iterable[Kernel]) -> int:
    busy: Counter[int] = Counter()
    for kernel in kernels:
        busy[kernel.device] += kernel.duration_ns + 1  # a kernel of zero length ran somewhere too
    return busy.most_common(1)[0][0]


def _measured(
    trace: Trace, report: Report, strays: Sequence[Stray], steps: int
) -> tuple[Measured, list[ReportWarning]]:
    device_time, warnings = _device_time(trace)
    seconds = device_time.span_seconds if device_time else (trace.end_ns - trace.start_ns) * NANOSECOND
    images = steps * report.workload.batch_size
    total = sum(kernel.duration_ns for kernel in trace.kernels if kernel.activity in _COMPUTED) * NANOSECOND
    lost = sum(stray.seconds for stray in strays if Activity(stray.activity) in _COMPUTED)
    measured = Measured(
        source="trace",
        origin=(trace.path.name,),
        device_name=device_name(trace),
        steps=steps,
        seconds=seconds,
        images_per_second=images / seconds if images and seconds else None,
        attributed_share=trace.read_share * (1 - lost / total if total else 1.0),
        strays=tuple(strays),
        device_time=device_time,
        steps_from=trace.steps_from,
    )
    return measured, warnings


def _device_time(trace: Trace) -> tuple[DeviceTime | None, list[ReportWarning]]:
    """Return where the time of the busiest device went, None where there is none."""
    if not trace.kernels:
        return None, []
    times = device_times(trace.kernels)
    chosen = _busiest(trace.kernels)
    others = [str(index) for index in sorted(times) if index != chosen]
    if not others:
        return times[chosen], []
    warning = ReportWarning(
        "several-devices",
        f"kernels ran on devices {', '.join(others)} too; where the time went is said of device {chosen} only",
        "record one trace for each process and give all of them",
    )
    return times[chosen], [warning]


def left_out(whole: Trace, part: Trace) -> list[ReportWarning]:
    """Say what of a trace precedes the first whole step and follows the last."""
    if part is whole:
        return []
    spans = part.start_ns - whole.start_ns, whole.end_ns - part.end_ns
    before, after = (units.seconds(span * NANOSECOND) for span in spans)
    return [
        ReportWarning(
            "part-steps",
            f"the first {before} and the last {after} of {whole.path.name} belong to no whole step and are left out",
            "mark steps with torch.profiler.schedule and step(), or select with --from and --to",
        )
    ]


def _strays(trace: Trace, shapeless: Iterable[OperatorCall]) -> list[Stray]:
    """Return what ran for no operator with shapes, the longest first; beyond the most that are listed, sums."""
    strays = sum_strays(((orphan.kernel, orphan.reason) for orphan in trace.orphans), shapeless, WITHOUT_SHAPES)
    by_activity: dict[str, list[Stray]] = defaultdict(list)
    for stray in strays[_MOST_STRAYS:]:
        by_activity[stray.activity].append(stray)
    return strays[:_MOST_STRAYS] + [
        Stray(
            f"{len(group)} more",
            activity,
            "see the trace",
            sum(stray.calls for stray in group),
            sum(stray.seconds for stray in group),
        )
        for activity, group in by_activity.items()
    ]


def _name(trace: Trace) -> str:
    name = trace.path.name
    for suffix in (".gz", ".zst", ".json", ".trace", ".pt"):
        name = name.removesuffix(suffix)
    return name or trace.path.name


def _record_again(trace: Trace) -> str:
    if not trace.profile.events:
        return _RECORD_OPERATORS
    return _RECORD_SHAPES
