"""Tile and wave quantisation: what a matrix product costs above its arithmetic by running in whole tiles and waves.

A product is cut into tiles of the output, a thread block each; a tile at the edge costs as much as a full one, and the
last wave of blocks as much as if every SM had work. Each tile also pays for filling its pipeline and for writing out,
as if its depth were longer. The library takes the tile for which all this costs least; on tensor cores it also splits a
deep product among idle SMs (CUTLASS documentation, "Efficient GEMM in CUDA"; Stream-K, Osama et al. 2023, arXiv
2301.03598). On CUDA cores cuBLAS does not (NeuSight's recordings have no split kernel), but cuDNN splits its weight
gradients: the 64 x 64 result of ResNet-50's first would keep 1 of a V100's 80 SMs busy, yet takes no longer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TENSOR_TILES = ((256, 128, 1.0), (128, 128, 0.97), (128, 64, 0.88), (64, 64, 0.72))
"""Rows, columns and relative speed of tensor-core tiles: smaller ones fetch more operands per multiply-add.

Sizes from CUTLASS's default configurations; speeds in proportion to the operands fetched at two parts of arithmetic to
one of fetching."""

CUDA_CORE_TILES = ((128, 128, 1.0), (128, 64, 0.95), (64, 64, 0.85), (128, 32, 0.85), (64, 32, 0.75), (32, 32, 0.6))
"""The same for CUDA cores: the sgemm kernels that cuBLAS chose in NeuSight's recordings."""

BATCHED_TILE = ((128, 128, 1.0),)
"""For batches of float32 products cuBLAS takes this tile only: ampere_sgemm_128x128_nn in 8,296 of 8,338 of NeuSight's
recordings."""

_DEPTH_STEP = 32
"""Depth per step of the main loop, to which a product's depth is padded (CUTLASS threadblock shapes)."""
_SPLIT_DEPTH = 256
"""Least depth worth giving to a block of its own when a product is split."""
_EXACT_WAVES = 6
"""Beyond so many waves blocks of unequal length fill the gaps, and the count of waves need not be whole."""


def inflation(
    sizes: Floats, on_tensor: NDArray[np.bool_], sm_count: float, prologue: Floats, split: NDArray[np.bool_]
) -> Floats:
    """Return, for each product, the time in whole tiles and waves over that of its multiply-adds alone: (n,), >= 1.

    `sizes` (4, n) are batch, m, n and k; what is no product has zeros and counts as 1. `prologue` (n,) is what filling
    the pipeline and writing out cost a tile, in elements of depth. `split` (n,) tells which the library may split
    though they run on CUDA cores.
    """
    result = np.ones(sizes.shape[1])
    is_product = sizes.min(axis=0) > 0
    for tiles, members, splits in (
        (TENSOR_TILES, is_product & on_tensor, True),
        (BATCHED_TILE, is_product & ~on_tensor & ~split & (sizes[0] > 1), False),
        (CUDA_CORE_TILES, is_product & ~on_tensor & ~split & (sizes[0] <= 1), False),
        (CUDA_CORE_TILES, is_product & ~on_tensor & split, True),
    ):
        if members.any():
            result[members] = _least(sizes[:, members], tiles, sm_count, prologue[members], splits)
    return np.maximum(result, 1.0)


def _least(
    sizes: Floats, tiles: Sequence[tuple[int, int, float]], sm_count: float, prologue: Floats, splits: bool
) -> Floats:
    batch, rows, columns, depth = sizes
    padded = np.ceil(depth / _DEPTH_STEP) * _DEPTH_STEP
    best = np.full(len(depth), np.inf)
    shapes = {shape for height, width, speed in tiles for shape in ((height, width, speed), (width, height, speed))}
    for height, width, speed in sorted(shapes):
        blocks = batch * np.ceil(rows / height) * np.ceil(columns / width)
        most = padded // _SPLIT_DEPTH if splits else np.ones_like(padded)
        parts = np.clip(np.floor(sm_count / blocks), 1, np.maximum(1, most))
        waves = blocks * parts / sm_count
        waves = np.where(waves > _EXACT_WAVES, waves, np.ceil(waves))
        best = np.minimum(best, waves * sm_count * height * width * (padded / parts + prologue) / speed)
    over: Floats = best / (batch * rows * columns * depth)
    return over
