"""Calibrate: measure this machine and make a device of it."""

from __future__ import annotations

import datetime
import os
import time

from memprof.calibration.bench import Bench
from memprof.calibration.records import Calibration
from memprof.calibration.results import cautions_of, demand_required, device_of, find_ceilings
from memprof.calibration.timing import Clock, Progress, time_probes
from memprof.devices import HOST, HOST_CUDA

NAMES = {"cpu": HOST, "cuda": HOST_CUDA}
"""What can be measured, and the name of the device that it becomes."""
DEFAULT_SECONDS = 40.0
MOST_SECONDS = 50.0
"""To stay below a minute with the import of torch and the operands that have to be made."""


def calibrate(
    device: str = "cpu", seconds: float = DEFAULT_SECONDS, progress: Progress = lambda what, done: None
) -> Calibration:
    """Measure the CPU or the GPU of this machine for about `seconds`; DeviceError where that is not possible."""
    load = load_average() if device == "cpu" else None
    return calibrate_bench(find_bench(device), seconds, time.perf_counter, progress, load, datetime.date.today())


def find_bench(device: str) -> Bench:
    """Return the machine to measure for "cpu" or "cuda"; DeviceError where torch has no such device."""
    if device == "cuda":
        from memprof.calibration import torch_cuda

        return torch_cuda.bench()
    from memprof.calibration import torch_cpu

    return torch_cpu.bench()


def calibrate_bench(
    bench: Bench, seconds: float, now: Clock, progress: Progress, load: float | None, date: datetime.date
) -> Calibration:
    """Measure a machine for about `seconds` by the clock `now`. `load` is its load average before the start."""
    start = now()
    timings, missed = time_probes(bench.groups, bench.timer, now, seconds, progress)
    ceilings = find_ceilings(timings)
    demand_required(ceilings, missed)
    cautions = cautions_of(bench, ceilings, timings, missed, load)
    return Calibration(
        device=device_of(bench, ceilings, cautions, date.isoformat()),
        ceilings=ceilings,
        cautions=cautions,
        measured_by=bench.measured_by,
        seconds=now() - start,
    )


def load_average() -> float | None:
    """Return the system's load over the last minute, None where it keeps none."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
