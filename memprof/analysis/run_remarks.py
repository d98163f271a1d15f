"""What to know about a real run before believing it, as warnings with stable codes."""

from __future__ import annotations

from collections.abc import Iterator

from memprof.profiles.memory import MemoryUse
from memprof.profiles.run.machine import Machine
from memprof.profiles.run.measured import Run
from memprof.profiles.run.timer import FEWEST
from memprof.report.record import ReportWarning
from memprof.report.run import Timing
from memprof.vocabulary import CPU
from memprof.workload import CUDA

_UNSTEADY = 0.1
"""Width of the median's interval over the median from which a run is called unsteady."""
_CROWDED = 0.15
"""Cores by which other programs and a run's own threads must exceed the machine's for it to be called busy."""


def remark(
    run: Run, machine: Machine, memory: MemoryUse | None, roof_threads: float | None
) -> tuple[ReportWarning, ...]:
    """Return the warnings about a run; `memory` and `roof_threads` as in `analyze_run`."""
    warnings = [*_about_times(run.timing)]
    if machine.device == CPU:
        warnings += _about_host(run.others, machine, roof_threads)
    warnings += _about_sensors(run, machine)
    if memory is None:
        warnings.append(
            ReportWarning(
                "no-memory-figure",
                "the model does not run on PyTorch's meta device, so the memory that it needs is not known",
                "`memprof roofline` with the same model says what stands in the way",
            )
        )
    return tuple(warnings)


def _about_times(timing: Timing) -> Iterator[ReportWarning]:
    if len(timing.step_seconds) < FEWEST:
        yield ReportWarning(
            "few-repetitions",
            f"{len(timing.step_seconds)} steps were timed: the interval is their whole range, and "
            "covers the median with less than 95 %",
            f"time at least {FEWEST}: --repeat {FEWEST}",
        )
    width = (timing.high_seconds - timing.low_seconds) / timing.median_seconds
    if width > _UNSTEADY:
        yield ReportWarning(
            "unsteady",
            f"the 95 % interval of a step's time is {width:.0%} of the median wide: something else was "
            "running, or the clock changed",
            "close other programs, or time more steps with --repeat",
        )


def _about_host(others: float | None, machine: Machine, roof_threads: float | None) -> Iterator[ReportWarning]:
    if others is not None and others + machine.threads - machine.cores > _CROWDED:
        yield ReportWarning(
            "busy",
            f"other programs kept {others:.1f} of {machine.cores} cores busy while steps were timed: "
            "threads that share a core make the others wait, and a step may take many times as long",
            "close them and measure again",
        )
    if roof_threads is not None and roof_threads != machine.threads:
        yield ReportWarning(
            "other-threads",
            f"PyTorch used {machine.threads} threads, and the roofs are those of {roof_threads:g}",
            "run `memprof calibrate` with the same number: OMP_NUM_THREADS sets it",
        )


def _about_sensors(run: Run, machine: Machine) -> Iterator[ReportWarning]:
    if run.telemetry is not None and run.telemetry.throttled:
        reasons = ", ".join(run.telemetry.throttle_reasons)
        yield ReportWarning(
            "throttled",
            f"the device was slowed down while steps were timed: {reasons}",
            "let it cool, raise its power limit, or read its times as those of a throttled device",
        )
    if machine.device == CUDA and run.telemetry is None:
        yield ReportWarning(
            "no-telemetry",
            "the GPU's sensors could not be read: whether it throttled is not known",
            "install NVIDIA's driver with its management library (NVML)",
        )
