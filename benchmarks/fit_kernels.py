"""Fit the constants that single kernels tell: tiles on CUDA cores, and the taps of depthwise convolutions.

    python benchmarks/fit_kernels.py ../shared/published

Each pair of constants is tried on a grid, and the three pairs with the least mean of the median errors are printed: of
NeuSight's linear and bmm on an A100 for the first, of every kernel size of RepLKNet's stack on an RTX 2080 Ti for the
second. The values in memprof/devices/achievable.json are the best pairs.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from memprof import devices
from memprof.analysis.assembly import cost_calls
from memprof.devices.ceilings import ceilings
from memprof.roofline.points import CostedCall, place
from memprof.tensors.precision import get_precision
from memprof.validation.kernel_records import FP32, KernelMeasurement
from memprof.validation.kernel_rows import read_kernels
from memprof.validation.tables import read_table

PRODUCTS = ("kernels_linear_A100-PCIE-40GB_torch2.1.0.csv", "kernels_bmm_A100-PCIE-40GB_torch2.1.0.csv")
STACK = ("depthwise_stack_rtx2080ti.csv",)
EVERY = 8
"""Of NeuSight's thousands of rows every eighth is tried."""

Kernel = tuple[KernelMeasurement, CostedCall]


def kernels_of(folder: Path, names: Sequence[str], every: int) -> list[Kernel]:
    measured = [entry.measurement for name in names for entry in read_kernels(read_table(folder / name))]
    chosen = [kernel for kernel in measured if kernel is not None][::every]
    return [(kernel, cost_calls([kernel.call])[0][0]) for kernel in chosen]


def error(kernels: Sequence[Kernel], constants: Mapping[str, float]) -> float:
    """Return the mean, over operators, of the median error of the latency."""
    off = defaultdict(list)
    for kernel, costed in kernels:
        roofs = ceilings(devices.get(kernel.device), FP32)
        roofs = replace(roofs, achievable={**roofs.achievable, **constants})
        seconds = place([costed], roofs, get_precision(FP32))[0].seconds
        latency = max(kernel.floor_seconds, kernel.launch_seconds + kernel.calls * seconds)
        off[kernel.operator].append(abs(latency / kernel.seconds - 1))
    return float(np.mean([np.median(errors) for errors in off.values()]))


def best(kernels: Sequence[Kernel], grid: Mapping[str, Sequence[float]]) -> None:
    tried = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    errors = [error(kernels, constants) for constants in tried]
    for place_, constants in sorted(zip(errors, tried, strict=True), key=lambda pair: pair[0])[:3]:
        print(f"{place_:.1%}", ", ".join(f"{key} = {value:g}" for key, value in constants.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("published", type=Path)
    folder = parser.parse_args().published
    best(
        kernels_of(folder, PRODUCTS, EVERY),
        {
            "product_core_fraction": (0.85, 0.9, 0.95, 1.0),
            "core_prologue_depth": (0, 4, 8, 16),
        },
    )
    best(
        kernels_of(folder, STACK, 1),
        {
            "tap_l1_fraction": (0.9, 0.95, 1.0),
            "tap_prologue_instructions": (0, 80, 120, 160, 200, 240),
        },
    )


if __name__ == "__main__":
    main()
