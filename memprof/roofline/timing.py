"""From bounds to time: what kernels reach of each ceiling, what launching them costs, and when the device waits.

A kernel takes as long as the ceiling that binds it, each ceiling at the fraction that kernels of its pattern reach,
plus the latency of starting it. Kernels run in order, each once the one before is done and the host has launched it, so
a step is never shorter than the host needs. The constants are the device's (`DeviceCeilings.achievable`, with sources
in memprof/devices/achievable.json); none is of a model or a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memprof.operators.work import Pattern
from memprof.roofline.bounds import Bounds
from memprof.roofline.kernels import PATTERNS, Kernels
from memprof.roofline.tiling import inflation
from memprof.vocabulary import DRAM, FP16, FP32, L1, LAUNCH, TENSOR

Floats = NDArray[np.float64]


_DRAM = {
    Pattern.STREAM: "stream_dram_fraction",
    Pattern.STRIDED: "stream_dram_fraction",
    Pattern.TRANSPOSED: "transposed_dram_fraction",
    Pattern.ROW: "row_dram_fraction",
    Pattern.DEPTHWISE: "stream_dram_fraction",
    Pattern.DEPTHWISE_DATA: "stream_dram_fraction",
    Pattern.DEPTHWISE_WEIGHT: "stream_dram_fraction",
    Pattern.DEPTHWISE_CUDNN: "depthwise_cudnn_dram_fraction",
    Pattern.DEPTHWISE_CUDNN_DATA: "depthwise_cudnn_dram_fraction",
    Pattern.DEPTHWISE_CUDNN_WEIGHT: "depthwise_cudnn_dram_fraction",
    Pattern.MATMUL: "matmul_dram_fraction",
    Pattern.ATTENTION: "stream_dram_fraction",
    Pattern.ATTENTION_BACKWARD: "stream_dram_fraction",
}
_CONVOLUTION_DRAM = "convolution_dram_fraction"
_TENSOR = {
    Pattern.MATMUL: "matmul_tensor_fraction",
    Pattern.CONVOLUTION: "convolution_tensor_fraction",
    Pattern.POINTWISE: "convolution_tensor_fraction",
    Pattern.WEIGHT_GRADIENT: "weight_gradient_tensor_fraction",
    Pattern.POINTWISE_WEIGHT: "weight_gradient_tensor_fraction",
    Pattern.FEW_CHANNELS: "few_channels_tensor_fraction",
    Pattern.GROUPED: "grouped_tensor_fraction",
    Pattern.GROUPED_WEIGHT: "grouped_weight_tensor_fraction",
    Pattern.GROUPED_WEIGHT_PACKED: "grouped_weight_packed_tensor_fraction",
    Pattern.ATTENTION: "attention_tensor_fraction",
    Pattern.ATTENTION_BACKWARD: "attention_backward_tensor_fraction",
}
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
_INSTRUCTIONS = {
    Pattern.DEPTHWISE_WEIGHT: "depthwise_weight_instructions",
    Pattern.DEPTHWISE_CUDNN_WEIGHT: "depthwise_cudnn_weight_instructions",
}
_STREAMING = frozenset({Pattern.STREAM, Pattern.STRIDED, Pattern.TRANSPOSED})
_NATIVE = frozenset({Pattern.DEPTHWISE, Pattern.DEPTHWISE_DATA})
_POINTWISE = frozenset({Pattern.POINTWISE, Pattern.POINTWISE_WEIGHT})
_SPLIT = frozenset({Pattern.WEIGHT_GRADIENT, Pattern.POINTWISE_WEIGHT})
"""Products that cuDNN splits among SMs, on CUDA cores too: their results are small and their sums long."""
_CUDNN = frozenset({Pattern.DEPTHWISE_CUDNN, Pattern.DEPTHWISE_CUDNN_DATA})


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the device is busy: for each kernel in order, seconds that it `waits` for the host and seconds it `runs`.

    Their sum over all kernels is the time of the step. `host_seconds` is when the host has launched the last one.
    """

    waits: Floats
    runs: Floats
    host_seconds: float


@dataclass(frozen=True, slots=True)
class KernelTimes:
    """For kernels in order: seconds under each ceiling `names` (ceilings, n), of launching (n,), and the sum (n,).

    `seconds` holds the ceilings' times at the fractions they are reached; `runs` is the longest of them plus
    `launching`.
    """

    names: tuple[str, ...]
    seconds: Floats
    launching: Floats

    @property
    def runs(self) -> Floats:
        """Return the seconds each kernel runs (n,)."""
        longest: Floats = self.seconds.max(axis=0) + self.launching
        return longest

    def bound(self, index: int) -> str:
        """Return the name of what sets most of the time of kernel `index`."""
        longest = int(self.seconds[:, index].argmax())
        return LAUNCH if self.launching[index] > self.seconds[longest, index] else self.names[longest]


def timeline(runs: ArrayLike, launched: ArrayLike) -> Timeline:
    """Lay kernels of `runs` seconds (n,) out in order, each starting no sooner than `launched` (n,), seconds from zero.

    A kernel ends at the latest of: launched[j] plus all the runs from j on, for any j up to it.
    """
    seconds = np.asarray(runs, dtype=np.float64)
    starts = np.asarray(launched, dtype=np.float64)
    if not seconds.size:
        return Timeline(seconds, seconds, 0.0)
    before = np.cumsum(seconds) - seconds
    delay = np.maximum(np.maximum.accumulate(starts - before), 0.0)
    return Timeline(np.diff(delay, prepend=0.0), seconds, float(starts[-1]))


def kernel_times(kernels: Kernels, bounds: Bounds, constants: Mapping[str, float]) -> KernelTimes:
    """Return how long `kernels` take on a device with these `bounds` and time-model `constants`."""
    model = _Model(kernels, constants)
    rules: dict[str, Callable[[Floats], Floats]] = {
        DRAM: lambda least: np.maximum(model.streaming(bounds), model.chasing()),
        TENSOR: lambda least: least * model.tiling() / model.tensor_fractions(),
        FP32: lambda least: np.maximum(least * model.core_slowdown(), model.issuing()) + model.first_loads(bounds),
        FP16: lambda least: least * model.core_slowdown(),
        L1: lambda least: least / model.l1_fractions() + model.first_loads(bounds),
    }
    seconds = [
        rules[name](least) if name in rules else least for name, least in zip(bounds.names, bounds.seconds, strict=True)
    ]
    return KernelTimes(bounds.names, np.stack(seconds), model.launching())


class _Model:
    """The constants of a device for each of some kernels, as arrays (n,)."""

    def __init__(self, kernels: Kernels, constants: Mapping[str, float]) -> None:
        self._kernels = kernels
        self._constants = constants
        self._issue = self.get("issue_slots_per_second", 0.0)

    def get(self, key: str, default: float) -> float:
        return self._constants.get(key, default)

    def dram_fractions(self) -> Floats:
        return self._pattern_constants(lambda pattern: self.get(_DRAM.get(pattern, _CONVOLUTION_DRAM), 1.0))

    def tensor_fractions(self) -> Floats:
        return self._pattern_constants(lambda pattern: self.get(_TENSOR.get(pattern, "matmul_tensor_fraction"), 1.0))

    def l1_fractions(self) -> Floats:
        native, cudnns = self.get("tap_l1_fraction", 1.0), self.get("depthwise_cudnn_l1_fraction", 1.0)
        others = np.where(self._kernels.has_pattern(_CUDNN), cudnns, 1.0)
        return np.where(self._kernels.has_pattern(_NATIVE), native, others)

    def first_loads(self, bounds: Bounds) -> Floats:
        """Seconds that PyTorch's depthwise kernels wait for DRAM before L1 serves their taps: they prefetch nothing."""
        waiting: Floats = np.where(self._kernels.has_pattern(_NATIVE), bounds.of(DRAM) / self.dram_fractions(), 0.0)
        return waiting

    def streaming(self, bounds: Bounds) -> Floats:
        """Seconds of moving bytes through DRAM. What is found in L2 takes none, but no kernel beats its bound."""
        least = bounds.of(DRAM)
        moved = self._kernels.dram_bytes
        resident = self._kernels.resident_bytes(self.get("l2_capacity_bytes", 0.0))
        from_dram = 1.0 - np.divide(resident, moved, out=np.zeros_like(moved), where=moved > 0)
        return np.maximum((least * from_dram + self.converting(bounds)) / self.dram_fractions(), least)

    def chasing(self) -> Floats:
        """Seconds of loads that each thread makes one after the other."""
        return self._kernels.serial_steps * self.get("serial_load_seconds", 0.0)

    def converting(self, bounds: Bounds) -> Floats:
        """Seconds at the full DRAM bandwidth of what cuDNN converts; of 1x1 convolutions it converts a share only."""
        share = np.where(self._kernels.has_pattern(_POINTWISE), self.get("pointwise_converted_fraction", 1.0), 1.0)
        moved = self._kernels.dram_bytes
        per_byte = np.divide(bounds.of(DRAM), moved, out=np.zeros_like(moved), where=moved > 0)
        return self._kernels.converted_bytes * share * per_byte

    def tiling(self) -> Floats:
        """Time in whole tiles and waves over that of the multiply-adds alone."""
        untiled = self._kernels.has_pattern(_UNTILED)
        depths = self.get("tensor_prologue_depth", 0.0), self.get("core_prologue_depth", 0.0)
        on_tensor = self._kernels.on_tensor
        prologue = np.where(on_tensor, *depths)
        split = self._kernels.has_pattern(_SPLIT)
        whole = inflation(self._kernels.sizes, on_tensor, self.get("sm_count", 1.0), prologue, split)
        return np.where(untiled, 1.0, whole)

    def core_slowdown(self) -> Floats:
        """Time of products on CUDA cores over that of their multiply-adds; 1 for everything else."""
        is_product = (self._kernels.sizes[0] > 0) & ~self._kernels.on_tensor
        if not is_product.any():
            return np.ones(len(is_product))
        return np.where(is_product, self.tiling() / self.get("product_core_fraction", 1.0), 1.0)

    def issuing(self) -> Floats:
        """Seconds for which the schedulers issue, per tap of depthwise weight gradients, per FLOP of others."""
        per_tap = self._pattern_constants(lambda pattern: self._instructions(pattern, ""))
        per_tap_half = self._pattern_constants(lambda pattern: self._instructions(pattern, "_16bit"))
        issued = self._kernels.macs * np.where(self._kernels.is_half, per_tap_half, per_tap)
        streaming = self._kernels.has_pattern(_STREAMING)
        issued += np.where(streaming, self._kernels.vector_flops * self.get("elementwise_instructions", 0.0), 0.0)
        return issued / self._issue if self._issue else np.zeros_like(issued)

    def launching(self) -> Floats:
        """Seconds of starting each kernel, and of what its threads compute before they load anything."""
        latency = self._kernels.launches * self.get("launch_seconds", 0.0)
        if not self._issue:
            return latency
        prologue = self._kernels.threads * self.get("tap_prologue_instructions", 0.0) / self._issue
        return latency + np.where(self._kernels.has_pattern(_NATIVE), prologue, 0.0)

    def _instructions(self, pattern: Pattern, suffix: str) -> float:
        key = _INSTRUCTIONS.get(pattern)
        if key is None:
            return 0.0
        return self.get(key + (suffix if pattern is Pattern.DEPTHWISE_CUDNN_WEIGHT else ""), 0.0)

    def _pattern_constants(self, constant: Callable[[Pattern], float]) -> Floats:
        return np.array([constant(pattern) for pattern in PATTERNS])[self._kernels.patterns]
