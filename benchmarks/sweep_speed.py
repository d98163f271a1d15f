"""What a sweep costs on one core: evaluations a second, rows in a core-hour, memory by the number of rows.

    python benchmarks/sweep_speed.py [--models resnet50,convnext_t]

An evaluation is one operator's kernels on one device through the whole time model: what it computes and moves held
against every ceiling, what kernels reach of it, the waits for the host. All models are held against all devices, first
together, as a sweep does, then one workload on one device at a time, as `memprof roofline` does; both have to agree to
1e-9. Exits with 1 where they do not, or where there are fewer than 100,000 evaluations a second.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from memprof import devices, models
from memprof.analysis.assembly import CostedStep, cost_step
from memprof.analysis.simulated import in_precision, requested, simulate_subject
from memprof.analysis.subject import subject_of
from memprof.devices.hosts import default_costs
from memprof.profiles.task import IMAGES
from memprof.report.record import DeviceCeilings
from memprof.roofline.points import Steps, place
from memprof.sweeps.engine import InThisProcess
from memprof.sweeps.reading import read_sweep
from memprof.sweeps.run import run
from memprof.tensors.precision import get_precision

PRECISION = "fp32"
"""That every device has."""
BATCHES = (1, 8, 32, 128)
LEAST_A_SECOND = 100_000
MEMORY_SWEEP = """
models = ["resnet18"]
devices = {devices}
precision = ["tf32", "amp-fp16"]
batch_size = [1, 8, 32, 128]
resolution = {resolutions}
"""


def simulate(name: str, phase: str) -> list[CostedStep]:
    subject = subject_of(name)
    steps = []
    for batch in BATCHES:
        workload = in_precision(requested(subject, IMAGES, batch, None, phase, "channels-last"), PRECISION)
        steps.append(cost_step(simulate_subject(subject, workload)))
    return steps


def evaluate(steps: list[CostedStep], roofs: list[DeviceCeilings]) -> tuple[float, float]:
    """Return the processor seconds of holding steps against all devices together, and the worst disagreement."""
    start = time.process_time()
    together = Steps([step.costed for step in steps], get_precision(PRECISION))
    seconds = np.stack([together.on(roof).seconds_by_bound().sum(axis=1) for roof in roofs])
    taken = time.process_time() - start
    worst = 0.0
    for row, roof in zip(seconds, roofs, strict=True):
        for mine, step in zip(row, steps, strict=True):
            alone = sum(point.seconds for point in place(step.costed, roof, get_precision(PRECISION)))
            worst = max(worst, abs(mine / alone - 1))
    return taken, worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(models.list_models()), help="Default: the zoo.")
    names = parser.parse_args().models.split(",")
    roofs = [devices.ceilings(device, PRECISION, default_costs()) for device in devices.list_devices()]
    operators = workloads = 0
    analysing = evaluating = worst = 0.0
    for name in names:
        for phase in ("infer", "train"):
            start = time.process_time()
            steps = simulate(name, phase)
            analysing += time.process_time() - start
            taken, off = evaluate(steps, roofs)
            evaluating, worst = evaluating + taken, max(worst, off)
            operators += sum(bool(item.works) for step in steps for item in step.costed) * len(roofs)
            workloads += len(steps) * len(roofs)
    rate = operators / evaluating
    print(f"{len(names)} models, {len(BATCHES)} batch sizes, 2 phases, {len(roofs)} devices: {workloads:,} rows")
    print(f"evaluations (an operator on a device): {rate:,.0f} a second and core")
    print(f"rows (a whole workload on a device):   {workloads / evaluating:,.0f} a second and core, once simulated")
    print(f"simulating: {analysing / (workloads / len(roofs)):.3f} s a workload, for all devices")
    print(f"rows in a core-hour: {3600 * workloads / (evaluating + analysing):,.0f}")
    print(f"largest disagreement with one workload on one device at a time: {worst:.1e}")
    print_memory()
    return int(worst > 1e-9 or rate < LEAST_A_SECOND)


def print_memory() -> None:
    """Print the most memory that sweeps of this process held, first of few rows, then of twenty times as many."""
    names = [device.name for device in devices.list_devices()]
    for count in (1, 20):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sweep.toml"
            sizes = [64 + 16 * index for index in range(count)]
            file.write_text(MEMORY_SWEEP.format(devices=names, resolutions=sizes), encoding="utf-8")
            done = run(read_sweep(file), Path(folder) / "results", InThisProcess)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(f"memory after a sweep of {done.rows:,} rows: at most {peak / 1e6:,.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
