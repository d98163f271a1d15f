"""Tile and wave quantisation: how long matrix products take by running in whole tiles and waves.

A product is cut into tiles of the output, a thread block each; a tile at the edge costs as much as a full one, and the
last wave of blocks as much as if every SM had work. For each element of depth a tile costs the longer of multiplying
and of fetching a column and a row of operands from L2, which is why small tiles are slow where arithmetic is fast. It
also pays for filling its pipeline, as if it had more depth. The library takes the tile for which all this costs
least; it may also split a deep product among idle SMs (CUTLASS documentation, "Efficient GEMM in CUDA"; Stream-K, Osama
et al. 2023, arXiv 2301.03598).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Tile = tuple[int, int, float]
"""Rows, columns, and the share of the arithmetic rate that its warps reach beside their own loads."""

TENSOR_TILES: tuple[Tile, ...] = ((256, 128, 1.0), (128, 128, 1.0), (256, 64, 1.0), (128, 64, 1.0), (64, 64, 1.0))
"""Of tensor cores. Sizes from CUTLASS's default configurations and the names of cuDNN's kernels."""

POINTWISE_TILES: tuple[Tile, ...] = ((256, 64, 1.0), (64, 64, 1.0))
"""Of cuDNN's TF32 kernels for 1x1 convolutions of channels-first tensors: cutlass_tensorop_s1688gemm_256x64_16x4 and
64x64_16x6 are all that a ResNet-50's training on an A100 runs (HolisticTraceAnalysis, tests/data)."""

CORE_TILES: tuple[Tile, ...] = (
    (128, 128, 1.0),
    (128, 64, 1.0),
    (64, 64, 0.9),
    (128, 32, 0.9),
    (64, 32, 0.8),
    (32, 32, 0.7),
)
"""Of CUDA cores: the sgemm kernels that cuBLAS chose in NeuSight's recordings of linear layers."""

CONVOLUTION_CORE_TILES: tuple[Tile, ...] = ((128, 128, 0.93), (128, 64, 0.93), (128, 32, 0.93))
"""Of cuDNN's direct kernels on CUDA cores: scudnn_128x128, 128x64 and 128x32 in those recordings."""

WEIGHT_CORE_TILES: tuple[Tile, ...] = ((128, 128, 0.7), (128, 64, 0.7), (128, 32, 0.7))
"""Of weight gradients: DeepBench's longest reach 7 to 13 of a V100's 15.7 TFLOP/s, forward passes 12 to 13."""

BUSY_OUTPUTS = 128 * 64
"""Outputs of such kernels that keep an SM busy: 64 to a thread, so four warps, one for each scheduler."""

BATCHED_CORE_TILES: tuple[Tile, ...] = ((128, 128, 1.0),)
"""For batches of float32 products on Ampere and later: ampere_sgemm_128x128_nn in 8,296 of 8,338 of NeuSight's."""

VOLTA_BATCHED_CORE_TILES: tuple[Tile, ...] = ((64, 64, 0.85), (32, 128, 0.85))
"""The same on Volta and Turing: volta_sgemm_64x64_nn and 32x128_nn in 2,493 of 2,500 of NeuSight's."""

_DEPTH_STEP = 32
"""Depth per step of the main loop, to which a product's depth is padded (CUTLASS threadblock shapes)."""
_SPLIT_DEPTH = 256
"""Least depth worth giving to a block of its own when a product is split."""
_SUM_BYTES = 4
"""Of an element of a part's result: float32, whatever the product's dtype."""
_EXACT_WAVES = 6
"""Beyond so many waves blocks of unequal length fill the gaps, and the count of waves need not be whole."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the device does: SMs, bytes per second from L2 to each, bytes per second of DRAM, seconds of a launch.

    `multicast` is how many blocks of a cluster share what one of them fetches (1 before Hopper).
    """

    sm_count: float
    l2_bytes_per_second: float
    dram_bytes_per_second: float
    launch_seconds: float
    multicast: float = 1.0


@dataclass(frozen=True, slots=True)
class Demands:
    """n products. All arrays (n,), but `sizes` (4, n): batch, m, n and k, all above zero.

    `flops_per_second` are the whole device's. `prologue_depth` is what filling its pipeline costs a tile, in elements
    of depth.
    """

    sizes: Floats
    element_bytes: Floats
    flops_per_second: Floats
    prologue_depth: Floats


def tiled_seconds(
    demands: Demands, machine: Machine, tiles: Sequence[Tile], *, splits: bool, busy_outputs: float = 0.0
) -> Floats:
    """Return the seconds (n,) of products in the tile, or its transpose, that costs least.

    `splits` tells whether the library splits deep products among idle SMs. The parts are then summed by a kernel of
    their own, which reads what each part has written. An SM works on `busy_outputs` at least to be busy: blocks of less
    take as long.
    """
    batch, rows, columns, depth = demands.sizes
    padded = np.ceil(depth / _DEPTH_STEP) * _DEPTH_STEP
    macs_per_second = demands.flops_per_second / 2 / machine.sm_count
    best: Floats = np.full(len(depth), np.inf)
    shapes = {shape for height, width, speed in tiles for shape in ((height, width, speed), (width, height, speed))}
    for height, width, speed in sorted(shapes):
        blocks = batch * np.ceil(rows / height) * np.ceil(columns / width)
        fetched = min(height, width) + max(height, width) / machine.multicast
        fetching = fetched * demands.element_bytes / machine.l2_bytes_per_second
        step = np.maximum(height * width / (macs_per_second * speed), fetching)
        room = machine.sm_count * max(1.0, busy_outputs / (height * width))
        for parts in _splits(blocks, padded, room) if splits else (np.ones_like(padded),):
            waves = blocks * parts / machine.sm_count
            waves = np.where(waves > _EXACT_WAVES, waves, np.ceil(waves))
            waves = np.maximum(waves, busy_outputs / (height * width))
            written = _SUM_BYTES * 2 * parts * batch * rows * columns
            summing = np.where(parts > 1, written / machine.dram_bytes_per_second + machine.launch_seconds, 0.0)
            best = np.minimum(best, waves * (padded / parts + demands.prologue_depth) * step + summing)
    return best


def _splits(blocks: Floats, depth: Floats, sm_count: float) -> tuple[Floats, ...]:
    """Return numbers of parts that a library may choose: one, all that idle SMs have room for, fewer of them."""
    most = np.clip(np.floor(sm_count / blocks), 1, np.maximum(1, depth // _SPLIT_DEPTH))
    return np.ones_like(most), most, np.maximum(1, most // 2), np.maximum(1, most // 4)
