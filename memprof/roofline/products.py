"""How long matrix products and convolutions compute, on tensor cores or CUDA cores, by the algorithm that costs least.

On tensor cores they run in tiles (memprof.roofline.tiling). On CUDA cores cuDNN has more: for 3x3 convolutions of
stride 1 Winograd's algorithms (memprof.roofline.winograd).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memprof.operators.work import Pattern
from memprof.report.record import DeviceCeilings
from memprof.roofline import tiling, winograd
from memprof.roofline.clocks import clock
from memprof.roofline.kernels import PATTERNS, Kernels
from memprof.vocabulary import DRAM, FP16, FP32, L2, TENSOR

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FRACTIONS = {
    Pattern.MATMUL: "matmul_tensor_fraction",
    Pattern.UNALIGNED: "matmul_tensor_fraction",
    Pattern.CONVOLUTION: "convolution_tensor_fraction",
    Pattern.POINTWISE: "convolution_tensor_fraction",
    Pattern.WEIGHT_GRADIENT: "weight_gradient_tensor_fraction",
    Pattern.POINTWISE_WEIGHT: "weight_gradient_tensor_fraction",
    Pattern.FEW_CHANNELS: "few_channels_tensor_fraction",
    Pattern.GROUPED: "grouped_tensor_fraction",
    Pattern.GROUPED_WEIGHT: "grouped_weight_tensor_fraction",
    Pattern.GROUPED_WEIGHT_PACKED: "grouped_weight_packed_tensor_fraction",
    Pattern.ATTENTION: "attention_tensor_fraction",
    Pattern.ATTENTION_BACKWARD: "attention_tensor_fraction",
}
"""The constant that says what of the tensor-core peak kernels of a pattern reach."""
_UNTILED = frozenset(
    {
        Pattern.FEW_CHANNELS,
        Pattern.GROUPED,
        Pattern.GROUPED_WEIGHT,
        Pattern.GROUPED_WEIGHT_PACKED,
        Pattern.ATTENTION,
        Pattern.ATTENTION_BACKWARD,
    }
)
"""Patterns whose fraction already holds what their tiles waste."""
_MATRICES = frozenset({Pattern.MATMUL, Pattern.UNALIGNED})
_SPLIT = frozenset({Pattern.WEIGHT_GRADIENT, Pattern.POINTWISE_WEIGHT})
"""Deep products, whose parts follow one another on an SM and hide each other's prologue."""
_POINTWISE = frozenset({Pattern.POINTWISE, Pattern.POINTWISE_WEIGHT})
_WORD_BYTES = 4
"""Of a float32: what Winograd's algorithms compute in, and what TF32 is loaded as."""
_AMPERE, _HOPPER = 8.0, 9.0
"""Compute capabilities: from the first cuBLAS takes larger tiles for batches, from the second blocks form clusters."""
_CLUSTER = 2.0
"""Blocks of a cluster that share the operand which they both need (CUTLASS, sm90 default cluster shape 2 x 1)."""


@dataclass(frozen=True, slots=True)
class Products:
    """The matrix work of some kernels on one device."""

    kernels: Kernels
    device: DeviceCeilings

    def on_tensor_cores(self, least: Floats) -> Floats:
        """Return the seconds (n,) on tensor cores of what takes `least` at their peak; zeros where it is not there."""
        fractions, is_tiled = self._fractions(), self._tiled(on_tensor=True)
        seconds = least * np.where(is_tiled, 1.0, self.kernels.padding) / fractions
        for members, tiles in (
            (is_tiled & ~self._is_turned_pointwise(), tiling.TENSOR_TILES),
            (is_tiled & self._is_turned_pointwise(), tiling.POINTWISE_TILES),
        ):
            if members.any():
                rate: Floats = self._peak(TENSOR) * fractions[members]
                tiled_seconds = self._tiles(self.kernels.sizes[:, members], members, rate, tiles)
                seconds[members] = np.maximum(seconds[members], tiled_seconds)
        return np.where(
            self.left_to_cuda_cores(), 0.0, self._slowed(least, seconds, self._get("tensor_switching_fraction"))
        )

    def on_cuda_cores(self, least: Floats) -> Floats:
        """Return the seconds (n,) on CUDA cores of what takes `least` at their peak."""
        seconds = least * self.kernels.padding
        left = self.left_to_cuda_cores()
        if left.any():
            first_layer_rate = self._peak(FP32) * self._get("first_layer_core_fraction")
            seconds[left] += 2 * self.kernels.macs[left] / first_layer_rate
        is_matrices = self.kernels.has_pattern(_MATRICES)
        # A matrix times a vector is no product of tiles: cuBLAS streams it (gemv kernels, gemvNSP in batches).
        is_vector = is_matrices & (self.kernels.sizes[1:3].min(axis=0) == 1)
        tiled = self._tiled(on_tensor=False) & ~is_vector
        is_batch = is_matrices & (self.kernels.sizes[0] > 1)
        batched = tiling.BATCHED_CORE_TILES
        if self._get("compute_capability", _AMPERE) < _AMPERE:
            batched = tiling.VOLTA_BATCHED_CORE_TILES
        is_sum = self.kernels.has_pattern(_SPLIT)
        # NeuSight's recordings have no kernel that splits a batch on CUDA cores, nor one that splits a convolution.
        for members, tiles, splits, busy in (
            (tiled & is_matrices & ~is_batch, tiling.CORE_TILES, True, 0.0),
            (tiled & is_batch, batched, False, 0.0),
            (tiled & ~is_matrices & ~is_sum, tiling.CONVOLUTION_CORE_TILES, False, tiling.BUSY_OUTPUTS),
            (tiled & is_sum, tiling.WEIGHT_CORE_TILES, True, tiling.BUSY_OUTPUTS),
        ):
            if members.any():
                rate = self._core_rates(members) * self._get("product_core_fraction")
                batch, rows, columns, depth = self.kernels.sizes[:, members]
                sizes = np.stack([batch, rows, columns, depth * self.kernels.padding[members]])
                tiled_seconds = self._tiles(sizes, members, rate, tiles, splits=splits, busy=busy)
                seconds[members] = np.maximum(seconds[members], tiled_seconds)
        # Winograd's products switch a quarter of what they stand for, so that no power limit slows them.
        slowed = np.where(tiled, self._slowed(least, seconds, 1.0), seconds)
        return self._or_winograd(slowed, tiled, batched)

    def _slowed(self, least: Floats, seconds: Floats, share: float) -> Floats:
        """Return the seconds at the clock that the device's power allows, of what takes `least` at its peak.

        At their peak the cores switch `share` of what FP32 arithmetic on all CUDA cores does.
        """
        watts = share * self._get("core_joules", 0.0) * self.device.peak_flops_per_second.get(FP32, 0.0)
        busy = np.divide(least, seconds, out=np.zeros_like(seconds), where=seconds > 0)
        return seconds / clock(np.minimum(busy, 1.0), watts, self._get("power_watts", np.inf))

    def left_to_cuda_cores(self) -> Mask:
        """Return which kernels cuDNN leaves to CUDA cores in TF32: convolutions of an image's few channels."""
        few = self.kernels.has_pattern({Pattern.FEW_CHANNELS})
        left: Mask = few & self.kernels.on_tensor & (self.kernels.element_bytes == _WORD_BYTES)
        return left

    def _fractions(self) -> Floats:
        values = [self._get(_FRACTIONS.get(pattern, "matmul_tensor_fraction")) for pattern in PATTERNS]
        fractions: Floats = np.array(values)[self.kernels.patterns]
        is_word = self.kernels.element_bytes == _WORD_BYTES
        is_matrices = self.kernels.has_pattern(_MATRICES | {Pattern.POINTWISE})
        fractions = np.where(is_word & is_matrices, self._get("matmul_tf32_tensor_fraction"), fractions)
        is_sum = self.kernels.has_pattern(_SPLIT)
        fractions = np.where(is_word & is_sum, self._get("weight_gradient_tf32_tensor_fraction"), fractions)
        return np.where(is_word & self.kernels.turned, self._get("turned_tf32_tensor_fraction"), fractions)

    def _is_turned_pointwise(self) -> Mask:
        is_word = self.kernels.element_bytes == _WORD_BYTES
        turned: Mask = self.kernels.has_pattern(_POINTWISE) & self.kernels.turned & is_word
        return turned

    def _tiled(self, *, on_tensor: bool) -> Mask:
        is_product = self.kernels.sizes.min(axis=0) > 0
        untiled = self.kernels.has_pattern(_UNTILED if on_tensor else _UNTILED - {Pattern.FEW_CHANNELS})
        tiled: Mask = is_product & ~untiled & (self.kernels.on_tensor == on_tensor)
        return tiled

    def _tiles(
        self,
        sizes: Floats,
        members: Mask,
        rate: Floats,
        tiles: Sequence[tiling.Tile],
        *,
        splits: bool = True,
        busy: float = 0.0,
    ) -> Floats:
        """Return the seconds of products of `sizes` in tiles, at `rate` FLOP/s of the whole device."""
        memory, sms = self.device.memory_bytes_per_second, self._get("sm_count")
        machine = tiling.Machine(
            sms,
            memory.get(L2, np.inf) / sms,
            memory.get(DRAM, np.inf),
            self._get("launch_seconds", 0.0),
            _CLUSTER if self._get("compute_capability", 0.0) >= _HOPPER else 1.0,
        )
        prologue = self._prologues() * self.kernels.on_tensor
        demands = tiling.Demands(sizes, self.kernels.element_bytes[members], rate, prologue[members])
        return tiling.tiled_seconds(demands, machine, tiles, splits=splits, busy_outputs=busy)

    def _prologues(self) -> Floats:
        """Return the depth that a tile's prologue is worth; where an SM holds several tiles, others hide it."""
        bare = self._is_turned_pointwise() | self.kernels.has_pattern(_SPLIT)
        return np.where(bare, 0.0, self._get("tile_prologue_depth", 0.0))

    def _or_winograd(self, direct: Floats, tiled: Mask, batched: Sequence[tiling.Tile]) -> Floats:
        """Return the least of the direct algorithm's seconds and those of Winograd's, where they apply."""
        members = tiled & (self.kernels.winograd[0] > 0) & (self.kernels.element_bytes == _WORD_BYTES)
        if not members.any():
            return direct
        rate = self._core_rates(members) * self._get("product_core_fraction")
        is_weight = self.kernels.has_pattern({Pattern.WEIGHT_GRADIENT})[members]
        _, rows, columns, depth = self.kernels.sizes[:, members]
        fours, patches = self.kernels.winograd[:, members]
        passes = winograd.Passes(
            fours=fours,
            patches=patches,
            channels=np.where(is_weight, columns, depth) / winograd.TAPS,
            filters=np.where(is_weight, rows, columns),
            dram_bytes=self.kernels.dram_bytes[members],
            is_weight=is_weight,
        )
        bandwidth = self.device.memory_bytes_per_second.get(DRAM, np.inf) * self._get("core_product_dram_fraction")
        launch = self._get("launch_seconds", 0.0)
        unfused = self._tiles(passes.unfused_sizes, members, rate, batched, splits=False)
        unfused += passes.transformed_bytes / bandwidth + winograd.UNFUSED_LAUNCHES * launch
        fused = self._tiles(passes.fused_sizes, members, rate, winograd.FUSED_TILES, splits=False)
        fused += passes.fused_filter_bytes / bandwidth + launch
        fused = np.where(is_weight, np.inf, fused)
        result = direct.copy()
        best = np.minimum(direct[members], np.minimum(unfused, fused))
        result[members] = np.where(passes.channels >= winograd.LEAST_CHANNELS, best, direct[members])
        return result

    def _core_rates(self, members: Mask) -> Floats:
        packed = (self.kernels.element_bytes[members] == _WORD_BYTES // 2) & (FP16 in self.device.peak_flops_per_second)
        return np.where(packed, self._peak(FP16), self._peak(FP32))

    def _peak(self, engine: str) -> float:
        return self.device.peak_flops_per_second.get(engine, np.inf)

    def _get(self, key: str, default: float = 1.0) -> float:
        return self.device.achievable.get(key, default)
