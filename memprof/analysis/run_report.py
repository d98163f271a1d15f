"""From a real run to a report: its operators under the roofs of what ran them, and what ran beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from memprof.analysis.assembly import CostedStep, assemble_report, cost_profile
from memprof.analysis.rows import NANOSECOND, Clock
from memprof.profiles.memory import MemoryUse
from memprof.profiles.records import Event, Kernel, Profile
from memprof.profiles.run.machine import Machine
from memprof.profiles.run.measured import Run
from memprof.profiles.run.timer import FEWEST
from memprof.report.record import DeviceCeilings, Report, ReportWarning, Workload
from memprof.report.run import DeviceTime, Measured, Stray
from memprof.traces.busy import device_time
from memprof.workload import CPU, CUDA

_UNSTEADY = 0.1
"""Width of the median's interval over the median from which a run is called unsteady."""
_CROWDED = 0.15
"""Cores by which other programs and a run's own threads must exceed the machine's for it to be called busy."""
_FUSED = "## Call CompiledFxGraph"
"""How torch.compile names what runs the kernels that it made, among calls of operators that it left alone."""
_BETWEEN = "Python, autograd and dispatch"


def report_of(
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
    on_host = machine.device == CPU
    costed, unknown = cost_profile(Profile(run.recording.events))
    shapeless = [call for call in unknown if not call.tensors()]
    clock = Clock.HOST if on_host else Clock.DEVICE
    shaped = tuple(call for call in unknown if call.tensors())
    report = assemble_report(CostedStep(costed, shaped, run.parameters, memory, clock), workload, roofs)
    seconds = run.timing.profiled_seconds
    attributed = report.totals.measured_seconds or 0.0
    if on_host:
        strays = _host_strays(run.recording.events, seconds - attributed)
        whole = max(seconds, attributed)
    else:
        launched = [(call.name, kernel) for call in shapeless for kernel in call.kernels]
        strays = _device_strays([*(("", kernel) for kernel in run.recording.orphans), *launched])
        whole = attributed + sum(stray.seconds for stray in strays)
    measured = Measured(
        source="run",
        origin=(machine.device,),
        device_name=machine.name,
        steps=1,
        seconds=seconds,
        images_per_second=workload.batch_size / run.timing.median_seconds,
        attributed_share=attributed / whole if whole else 1.0,
        strays=strays,
        device_time=None if on_host else _device_time(run),
        timing=run.timing,
    )
    return replace(
        report,
        measured=measured,
        telemetry=run.telemetry,
        warnings=(*report.warnings, *_warnings(run, machine, memory, roof_threads)),
        environment={**report.environment, **machine.facts},
    )


def _host_strays(events: Iterable[Event], rest_seconds: float) -> tuple[Stray, ...]:
    """Return what a step spent outside operators: in kernels that torch.compile made, and the rest."""
    fused = list(_fused_ns(events))
    strays = (
        [
            Stray(
                "kernels made by torch.compile",
                "host",
                "torch.compile records no shapes of them",
                len(fused),
                sum(fused) * NANOSECOND,
            )
        ]
        if fused
        else []
    )
    rest = rest_seconds - sum(stray.seconds for stray in strays)
    return (*strays, Stray(_BETWEEN, "host", "between operators", 1, max(0.0, rest)))


def _fused_ns(events: Iterable[Event]) -> Iterable[int]:
    for event in events:
        if event.name.startswith(_FUSED):
            yield event.duration_ns - sum(child.duration_ns for child in event.children)
        yield from _fused_ns(event.children)


def _device_strays(launched: Iterable[tuple[str, Kernel]]) -> tuple[Stray, ...]:
    """Return what ran for no operator with shapes, the longest first; each with the name of what launched it."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for name, kernel in launched:
        reason = f"what launched it has no recorded shapes: {name}" if name else "no recorded call launched it"
        groups[kernel.name, str(kernel.activity), reason].append(kernel.duration_ns)
    strays = [Stray(*key, len(spans), sum(spans) * NANOSECOND) for key, spans in groups.items()]
    return tuple(sorted(strays, key=lambda stray: (-stray.seconds, stray.name)))


def _device_time(run: Run) -> DeviceTime:
    return device_time([*_kernels(run.recording.events), *run.recording.orphans])


def _kernels(events: Iterable[Event]) -> Iterable[Kernel]:
    for event in events:
        yield from event.kernels
        yield from _kernels(event.children)


def _warnings(
    run: Run, machine: Machine, memory: MemoryUse | None, roof_threads: float | None
) -> Sequence[ReportWarning]:
    on_host = machine.device == CPU
    found = _of_times(run)
    crowd = (run.others or 0.0) + machine.threads - machine.cores
    if on_host and run.others is not None and crowd > _CROWDED:
        found.append(
            ReportWarning(
                "busy",
                f"other programs kept {run.others:.1f} of {machine.cores} cores busy while steps were timed: "
                "threads that share a core make the others wait, and a step may take many times as long",
                "close them and measure again",
            )
        )
    if on_host and roof_threads is not None and roof_threads != machine.threads:
        found.append(
            ReportWarning(
                "other-threads",
                f"PyTorch used {machine.threads} threads, and the roofs are those of {roof_threads:g}",
                "run `memprof calibrate` with the same number: OMP_NUM_THREADS sets it",
            )
        )
    if run.telemetry is not None and run.telemetry.throttled:
        reasons = ", ".join(run.telemetry.throttle_reasons)
        found.append(
            ReportWarning(
                "throttled",
                f"the device was slowed down while steps were timed: {reasons}",
                "let it cool, raise its power limit, or read its times as those of a throttled device",
            )
        )
    if machine.device == CUDA and run.telemetry is None:
        found.append(
            ReportWarning(
                "no-telemetry",
                "the GPU's sensors could not be read: whether it throttled is not known",
                "install NVIDIA's driver with its management library (NVML)",
            )
        )
    if memory is None:
        found.append(
            ReportWarning(
                "no-memory-figure",
                "the model does not run on PyTorch's meta device, so the memory that it needs is not known",
                "`memprof roofline` with the same model says what stands in the way",
            )
        )
    return found


def _of_times(run: Run) -> list[ReportWarning]:
    timing = run.timing
    found = []
    if len(timing.step_seconds) < FEWEST:
        found.append(
            ReportWarning(
                "few-repetitions",
                f"{len(timing.step_seconds)} steps were timed: the interval is their whole range, and "
                "covers the median with less than 95 %",
                f"time at least {FEWEST}: --repeat {FEWEST}",
            )
        )
    width = (timing.high_seconds - timing.low_seconds) / timing.median_seconds
    if width > _UNSTEADY:
        found.append(
            ReportWarning(
                "unsteady",
                f"the 95 % interval of a step's time is {width:.0%} of the median wide: something else was "
                "running, or the clock changed",
                "close other programs, or time more steps with --repeat",
            )
        )
    return found
