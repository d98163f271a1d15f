"""Winograd's algorithms for 3x3 convolutions of stride 1 on CUDA cores (Lavin and Gray 2015, arXiv 1509.09308).

F(4x4, 3x3), not fused: kernels of their own transform the input into 36 matrices of T x C for its T tiles of 4 x 4
outputs and the weight into 36 of C x K, cuBLAS multiplies them, one more kernel transforms the 36 T x K results back: 4
times fewer multiply-adds, but each matrix is written and read. A weight gradient transforms input and gradient and
multiplies over the tiles.

F(2x2, 3x3), fused: a block takes 16 x 8 outputs of an image, 32 tiles of 2 x 2, and 32 filters, and does 16
multiply-adds for 4 outputs instead of 36; only the weight is transformed ahead. Both read off the kernels and their
grids in NeuSight's convolutions (arXiv 2407.13853): winograd_nonfused with ampere_sgemm_128x128 or volta_sgemm_64x64,
scudnn_winograd_128x128 with N ceil(K / 32) x ceil(H / 8) x ceil(W / 16) blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memprof.roofline.tiling import Tile

Floats = NDArray[np.float64]

FUSED_TILES: tuple[Tile, ...] = ((32, 32, 1.0),)
"""Tiles of 2 x 2 outputs by filters, of a block of the fused kernel."""
TAPS = 9
UNFUSED_LAUNCHES = 3
"""Kernels besides the product: two transforms before, one after."""
_PRODUCTS_4X4, _PRODUCTS_2X2 = 36, 16
"""Products of a tile: (4 + 3 - 1)^2 and (2 + 3 - 1)^2."""
LEAST_CHANNELS = 24
"""Below, cuDNN takes direct kernels: half of NeuSight's are Winograd's from 16 channels on an A100, 40 on a V100."""
_FUSED_PROLOGUE_CHANNELS = 16
"""What a patch's first loads and last transform are worth."""
_WORD_BYTES = 4
"""Of a float32, all that these algorithms compute in."""
_FILTER_TOUCHES = 2
"""Times that an element of the transformed weight crosses DRAM: neighbours in the weight lie K elements apart in its 36
matrices, so that a thread writes parts of sectors, which are read first."""


@dataclass(frozen=True, slots=True)
class Passes:
    """n passes of convolutions, arrays (n,): `fours` and `patches` of the output, channels, filters, bytes in DRAM.

    `is_weight` tells which are weight gradients.
    """

    fours: Floats
    patches: Floats
    channels: Floats
    filters: Floats
    dram_bytes: Floats
    is_weight: NDArray[np.bool_]

    @property
    def unfused_sizes(self) -> Floats:
        """Return batch, m, n, k (4, n) of the products between the transforms."""
        batch = np.full_like(self.fours, _PRODUCTS_4X4)
        forward = np.stack([batch, self.fours, self.filters, self.channels])
        weight = np.stack([batch, self.filters, self.channels, self.fours])
        return np.where(self.is_weight, weight, forward)

    @property
    def transformed_bytes(self) -> Floats:
        """Return what the transforms read and write through DRAM (n,): the tensors, and each of the matrices once."""
        tiles, weight = self.fours * (self.channels + self.filters), self.channels * self.filters
        touches = np.where(self.is_weight, 1, _FILTER_TOUCHES)
        return self.dram_bytes + _WORD_BYTES * _PRODUCTS_4X4 * (tiles + touches * weight)

    @property
    def fused_sizes(self) -> Floats:
        """Return batch, m, n, k (4, n) of what the fused kernel multiplies: a patch at a time, 16 products deep."""
        height = np.full_like(self.patches, FUSED_TILES[0][0])
        depth = _PRODUCTS_2X2 * (self.channels + _FUSED_PROLOGUE_CHANNELS)
        return np.stack([self.patches, height, self.filters, depth])

    @property
    def fused_filter_bytes(self) -> Floats:
        """Return what transforming the weight for the fused kernel moves through DRAM (n,)."""
        moved = _FILTER_TOUCHES * _PRODUCTS_2X2 + TAPS
        return _WORD_BYTES * moved * self.channels * self.filters
