"""Try the constants that single kernels tell on grids, and print for each the values with the least error.

    python benchmarks/fit_kernels.py ../shared/published

For each group of constants: the mean, over operators and devices, of the median error of the measured latency, of rows
above 50 microseconds. The values in memprof/devices/achievable.json are the best of a grid or near it, or lie between
what several files ask for: 0.88 (linear) and 0.95 (bmm) of the CUDA cores' peak, 0.74 (products) and 0.85 (the trace's
convolutions) of DRAM, 0.85 (H100) and 0.9 (A100) of the tensor cores' peak.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from memprof import devices
from memprof.analysis.assembly import cost_calls
from memprof.devices.ceilings import ceilings
from memprof.roofline.points import CostedCall, place
from memprof.tensors.precision import get_precision
from memprof.validation.kernel_records import KernelMeasurement
from memprof.validation.kernel_rows import read_kernels
from memprof.validation.kernels import LONG_SECONDS
from memprof.validation.tables import read_table

EVERY = 8
"""Of thousands of rows every eighth is tried."""
FEW = 500
"""Files of fewer rows are tried whole."""


@dataclass(frozen=True)
class Group:
    """Constants that files of kernels tell together, each with the values to try."""

    files: tuple[str, ...]
    grid: Mapping[str, Sequence[float]]
    device: str = ""


GROUPS = (
    Group(
        ("kernels_linear_A100-PCIE-40GB_torch2.1.0.csv", "kernels_linear_V100-PCIE-32GB_torch2.1.0.csv"),
        {"product_core_fraction": (0.84, 0.88, 0.92, 0.96), "core_product_dram_fraction": (0.45, 0.52, 0.6)},
    ),
    Group(
        ("kernels_gemm_bf16.csv",),
        {
            "matmul_tensor_fraction": (0.85, 0.9, 0.95),
            "tile_prologue_depth": (100, 200, 300),
            "product_dram_fraction": (0.74, 0.78, 0.82),
        },
        "a100-sxm4-80gb",
    ),
    Group(("kernels_gemm_bf16.csv",), {"matmul_tensor_fraction": (0.85, 0.9, 0.95, 1.0)}, "h100-sxm5-80gb"),
    Group(("kernels_gemm_bf16.csv",), {"core_joules": (5e-12, 6e-12, 7e-12)}, "l40s"),
    Group(
        ("kernels_add_A100-PCIE-40GB_torch2.1.0.csv", "kernels_relu_A100-PCIE-40GB_torch2.1.0.csv"),
        {"stream_dram_fraction": (0.86, 0.88, 0.897, 0.92)},
    ),
    Group(
        ("kernels_ln_A100-PCIE-40GB_torch2.1.0.csv", "kernels_ln_V100-PCIE-32GB_torch2.1.0.csv"),
        {"row_dram_fraction": (0.55, 0.6, 0.65, 0.7)},
    ),
    Group(
        ("depthwise_stack_rtx2080ti.csv",),
        {"tap_l1_fraction": (0.9, 0.95, 1.0), "tap_prologue_instructions": (80, 120, 160, 200)},
    ),
)

Kernel = tuple[KernelMeasurement, CostedCall]


def kernels_of(folder: Path, group: Group) -> list[Kernel]:
    chosen: list[Kernel] = []
    for name in group.files:
        entries = [entry.measurement for entry in read_kernels(read_table(folder / name))]
        rows = [row for row in entries if row is not None and group.device in ("", row.device)]
        long = [row for row in rows if row.seconds > LONG_SECONDS]
        chosen += [(row, cost_calls([row.call])[0][0]) for row in (long if len(long) < FEW else long[::EVERY])]
    return chosen


def error(kernels: Sequence[Kernel], constants: Mapping[str, float]) -> float:
    """Return the mean, over operators and devices, of the median error of the latency."""
    off = defaultdict(list)
    for kernel, costed in kernels:
        roofs = ceilings(devices.get(kernel.device), kernel.precision)
        roofs = replace(roofs, achievable={**roofs.achievable, **constants})
        seconds = place([costed], roofs, get_precision(kernel.precision))[0].seconds
        latency = max(kernel.floor_seconds, kernel.launch_seconds + kernel.calls * seconds)
        off[kernel.operator, kernel.device].append(abs(latency / kernel.seconds - 1))
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
    for group in GROUPS:
        kernels = kernels_of(folder, group)
        print(f"{', '.join(group.files)}{' on ' + group.device if group.device else ''}: {len(kernels)} kernels")
        best(kernels, group.grid)


if __name__ == "__main__":
    main()
