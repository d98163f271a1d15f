"""From a real run to a report: its operators under the roofs of what ran them, and what ran beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from memprof.analysis.assembly import CostedStep, assemble_report, cost_profile
from memprof.analysis.kernel_runs import kernel_runs
from memprof.analysis.rows import Clock
from memprof.analysis.run_remarks import remark
from memprof.analysis.strays import sum_strays
from memprof.calls import OperatorCall
from memprof.profiles.memory import MemoryUse
from memprof.profiles.records import Event, Kernel, Profile
from memprof.profiles.run.machine import Machine
from memprof.profiles.run.measured import Run
from memprof.report.record import DeviceCeilings, OperatorRow, Report, Workload
from memprof.report.run import DeviceTime, Measured, Stray
from memprof.traces.busy import device_time
from memprof.vocabulary import CPU, NANOSECOND

NO_LAUNCH = "no recorded call launched it"
WITHOUT_SHAPES = "what launched it has no recorded shapes"
_FUSED = "## Call CompiledFxGraph"
"""How torch.compile names what runs the kernels that it made, among calls of operators that it left alone."""


def analyze_run(
    run: Run,
    machine: Machine,
    workload: Workload,
    roofs: DeviceCeilings,
    memory: MemoryUse | None,
    roof_threads: float | None = None,
) -> Report:
    """Hold a run of `workload` against the roofs of a device.

    `memory` is what the step needs, `roof_threads` with how many threads the roofs were measured; None where not known.
    """
    costed, unknown = cost_profile(Profile(run.recording.events))
    shaped = tuple(call for call in unknown if call.tensors())
    clock = Clock.HOST if machine.device == CPU else Clock.DEVICE
    report = assemble_report(CostedStep(costed, shaped, run.parameters, memory, clock), workload, roofs)
    return replace(
        report,
        measured=_measured(
            run,
            machine,
            report,
            [call for call in unknown if not call.tensors()],
            [*(item.call for item in costed), *shaped],
        ),
        telemetry=run.telemetry,
        warnings=(*report.warnings, *remark(run, machine, memory, roof_threads)),
        environment={**report.environment, **machine.facts},
    )


def _measured(
    run: Run,
    machine: Machine,
    report: Report,
    shapeless: Sequence[OperatorCall],
    calls: Sequence[OperatorCall],
) -> Measured:
    seconds = run.timing.profiled_seconds
    attributed = report.totals.measured_seconds or 0.0
    if machine.device == CPU:
        strays = _host_strays(run.recording.events, seconds - attributed)
        whole = max(seconds, attributed)
    else:
        orphans = ((kernel, NO_LAUNCH) for kernel in run.recording.orphans)
        strays = sum_strays(orphans, shapeless, WITHOUT_SHAPES)
        whole = attributed + sum(stray.seconds for stray in strays)
    return Measured(
        source="run",
        origin=(machine.device,),
        device_name=machine.name,
        steps=1,
        seconds=seconds,
        images_per_second=report.workload.batch_size / run.timing.median_seconds,
        attributed_share=attributed / whole if whole else 1.0,
        strays=tuple(strays),
        device_time=None if machine.device == CPU else _device_time(run, calls, report.operators),
        timing=run.timing,
    )


def _host_strays(events: Iterable[Event], rest_seconds: float) -> list[Stray]:
    """Return what a step spent outside operators: in kernels that torch.compile made, and the rest."""
    strays = []
    fused = list(_fused_ns(events))
    if fused:
        seconds = sum(fused) * NANOSECOND
        reason = "torch.compile records no shapes of them"
        strays.append(Stray("kernels made by torch.compile", "host", reason, len(fused), seconds))
        rest_seconds -= seconds
    rest = Stray("Python, autograd and dispatch", "host", "between operators", 1, max(0.0, rest_seconds))
    return [*strays, rest]


def _fused_ns(events: Iterable[Event]) -> Iterable[int]:
    for event in events:
        if event.name.startswith(_FUSED):
            yield event.duration_ns - sum(child.duration_ns for child in event.children)
        yield from _fused_ns(event.children)


def _device_time(run: Run, calls: Sequence[OperatorCall], operators: Sequence[OperatorRow]) -> DeviceTime:
    kernels = [*_kernels(run.recording.events), *run.recording.orphans]
    return replace(device_time(kernels), runs=kernel_runs(kernels, calls, operators))


def _kernels(events: Iterable[Event]) -> Iterable[Kernel]:
    for event in events:
        yield from event.kernels
        yield from _kernels(event.children)
