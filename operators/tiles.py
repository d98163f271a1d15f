"""How a tiled matrix product moves its operands through L2 and shared memory.

cuBLAS, cuDNN's implicit-GEMM convolutions and CUTLASS cut an M x N x K product into tiles of the output. A thread block
loads, for its tile, tile_m x K of the first operand and K x tile_n of the second from L2 into shared memory; each of
its warps loads, for its part of the tile, its rows and columns from shared memory into registers.
"""

from __future__ import annotations

from math import ceil

from memprof.operators.fvcore_counts import flops_of_macs
from memprof.operators.traffic import make_work
from memprof.operators.work import Conversion, Pattern, Product, Traffic, Winograd, Work
from memprof.tensors.shapes import element_bytes

BLOCK_TILE = 128
"""Rows and columns of the output per thread block, for counting blocks.

Source: CUTLASS, include/cutlass/gemm/device/default_gemm_configuration.h: 128 x 128 on CUDA cores and for double, 128 x
256 on tensor cores; the kernels that cuDNN and cuBLAS choose say "tilesize128x128x..." most often.
"""

LARGEST_BLOCK_TILE = 256
"""Rows and columns of the output that share what leaves L2. A bound must not be beaten, so it takes the largest there
are: two blocks of 128 x 256 that form a cluster on Hopper and share their loads (CUTLASS, TMA multicast). What the
tile of a kernel really fetches is in its time (memprof.roofline.tiling)."""

WARP_TILE = 128
"""Rows and columns of the output that share what leaves shared memory: a warp's 64 x 64 on Ampere, a warp group's 64 x
256 on Hopper, which loads as much for each multiply-add as 102 x 102."""

SPLIT_K_RATIO = 4
"""Where K exceeds M and N by this factor, the libraries also split K among blocks, into parts that we do not model.

Source: CUTLASS documentation, "Efficient GEMM in CUDA", parallelized reductions; the factor is ours.
"""


def blocks(product: Product) -> float | None:
    """Return the number of output tiles, None where the libraries split K."""
    if product.k > SPLIT_K_RATIO * max(product.m, product.n):
        return None
    return product.batch * ceil(product.m / BLOCK_TILE) * ceil(product.n / BLOCK_TILE)


def loads(product: Product, tile: int) -> float:
    """Return the operand elements loaded for tiles of `tile` rows and columns, clipped to the problem.

    The first operand is loaded n / tile times, the second m / tile times. A fraction stands for the library's choice of
    a tile that divides the problem better.
    """
    macs = product.batch * product.m * product.n * product.k
    return macs / max(1, min(tile, product.m)) + macs / max(1, min(tile, product.n))


def product_work(
    step: str,
    dtype: str,
    product: Product,
    *,
    macs: float,
    dram: Traffic,
    vector_flops: float = 0,
    extra_read_bytes: float = 0,
    assumed: str = "",
    pattern: Pattern = Pattern.MATMUL,
    conversions: tuple[Conversion, ...] = (),
    winograd: Winograd | None = None,
    padding: float = 1,
) -> Work:
    """Build the Work of a tiled matrix product.

    `extra_read_bytes` are read once in the epilogue (a bias, the matrix that the product is added to).
    L2: operands per thread block, plus the epilogue. L1: operands per warp from shared memory, the staging of what came
    from L2 into shared memory as writes, and the output.
    """
    size = element_bytes(dtype)
    staged = loads(product, LARGEST_BLOCK_TILE) * size
    return make_work(
        step,
        dtype,
        dram=dram,
        l2=Traffic(staged + extra_read_bytes, dram.written_bytes),
        l1=Traffic(loads(product, WARP_TILE) * size + extra_read_bytes, staged + dram.written_bytes),
        matrix_flops=flops_of_macs(macs),
        vector_flops=vector_flops,
        macs=macs,
        blocks=blocks(product),
        product=product,
        pattern=pattern,
        conversions=conversions,
        winograd=winograd,
        padding=padding,
        assumed=assumed,
    )
