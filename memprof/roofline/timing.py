"""From bounds to time: what kernels reach of each ceiling, what launching them costs, and when the device waits.

A kernel takes as long as the ceiling that binds it, each ceiling at the fraction that kernels of its pattern reach,
plus the latency of starting it. Kernels run in order, each once the one before is done and the host has launched it, so
a step is never shorter than the host needs. The constants are the device's (`DeviceCeilings.achievable`, with sources
in memprof/devices/achievable.json); none is of a model or a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memprof.operators.work import Pattern
from memprof.report.record import DeviceCeilings
from memprof.roofline.bounds import Bounds
from memprof.roofline.kernels import PATTERNS, Kernels
from memprof.roofline.products import Products
from memprof.vocabulary import DRAM, FP16, FP32, ISSUE, L1, L2, LATENCY, LAUNCH, TENSOR

Floats = NDArray[np.float64]


_DRAM = {
    Pattern.STREAM: "stream_dram_fraction",
    Pattern.STRIDED: "stream_dram_fraction",
    Pattern.TRANSPOSED: "row_dram_fraction",
    Pattern.ROW: "row_dram_fraction",
    Pattern.DEPTHWISE: "stream_dram_fraction",
    Pattern.DEPTHWISE_DATA: "stream_dram_fraction",
    Pattern.DEPTHWISE_WEIGHT: "stream_dram_fraction",
    Pattern.DEPTHWISE_CUDNN: "stream_dram_fraction",
    Pattern.DEPTHWISE_CUDNN_DATA: "stream_dram_fraction",
    Pattern.DEPTHWISE_CUDNN_WEIGHT: "stream_dram_fraction",
    Pattern.UNALIGNED: "unaligned_dram_fraction",
    Pattern.ATTENTION: "stream_dram_fraction",
    Pattern.ATTENTION_BACKWARD: "stream_dram_fraction",
}
_PRODUCTS = frozenset(Pattern) - _DRAM.keys()
_MATRICES = frozenset({Pattern.MATMUL})
_PRODUCT_DRAM = "product_dram_fraction"
"""Of `_PRODUCTS` on tensor cores."""
_WEIGHT_INSTRUCTIONS, _HALF_WEIGHT_INSTRUCTIONS = (
    "depthwise_weight_instructions",
    "depthwise_cudnn_weight_instructions_16bit",
)
_NATIVE = frozenset({Pattern.DEPTHWISE, Pattern.DEPTHWISE_DATA})
_HALF_BYTES = 2
_NATIVE_THREADS = 1024
"""Per block of PyTorch's depthwise kernels, one for each output (memprof.operators.depthwise)."""
_LEAST_L2_BYTES_PER_SLOT = 0.104
"""L2 bandwidth over the rate of instructions where nobody measured it: an RTX 4090's 4.3 TB/s, the least that is known
(13 bytes a clock and SM)."""
_HALVED_L2 = (8.0, 9.0, 10.0)
"""Compute capabilities whose L2 has two halves, each with a copy of what its SMs read (te42kyfo/gpu-benches,
gpu-l2-cache: an A100's bandwidth falls beyond 20 of its 40 MB)."""
LAUNCH_QUEUE = 1024
"""Kernels that may wait in a stream before the next launch waits too. Source: NVIDIA's developer forum, "launch queue
depth"; it is not documented."""
_CONVERTING_BLOCKS = 8
"""Blocks of 256 threads that an SM holds."""
_CONVERTING_LOADS = 4
"""Waits of such a block, one for each row that a thread takes through shared memory: 450 blocks a microsecond on an
A100, in the profile that memprof.operators.cudnn_layout is read off."""


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

    @property
    def binding(self) -> NDArray[np.intp]:
        """Return what sets most of the time of each kernel (n,), as an index into `names`, or after them for launch."""
        is_launch = self.launching > self.seconds.max(axis=0)
        return np.where(is_launch, len(self.names), self.seconds.argmax(axis=0))

    def bound(self, index: int) -> str:
        """Return the name of what sets most of the time of kernel `index`."""
        return (*self.names, LAUNCH)[int(self.binding[index])]


def timeline(runs: ArrayLike, launched: ArrayLike) -> Timeline:
    """Lay kernels of `runs` seconds (n,) out in order, each starting no sooner than `launched` (n,), seconds from zero.

    A kernel ends at the latest of: launched[j] plus all the runs from j on, for any j up to it. `launched` is how the
    host launches them if it never waits; it does where as many as the queue holds are still to start.
    """
    seconds = np.asarray(runs, dtype=np.float64)
    starts = np.asarray(launched, dtype=np.float64)
    if not seconds.size:
        return Timeline(seconds, seconds, 0.0)
    before = np.cumsum(seconds) - seconds
    delay = np.maximum(np.maximum.accumulate(starts - before), 0.0)
    begun = before + delay
    if np.any(starts[LAUNCH_QUEUE:] < begun[:-LAUNCH_QUEUE]):
        starts = _queued(seconds, starts)
        delay = np.maximum(np.maximum.accumulate(starts - before), 0.0)
    return Timeline(np.diff(delay, prepend=0.0), seconds, float(starts[-1]))


def _queued(runs: Floats, launched: Floats) -> Floats:
    """Return when each kernel is launched by a host that waits for room in the queue (n,)."""
    clock, end = 0.0, 0.0
    times: list[float] = []
    begun: list[float] = []
    for place, (run, cost) in enumerate(zip(runs.tolist(), np.diff(launched, prepend=0.0).tolist(), strict=True)):
        clock += cost
        if place >= LAUNCH_QUEUE:
            clock = max(clock, begun[place - LAUNCH_QUEUE])
        times.append(clock)
        begun.append(max(clock, end))
        end = begun[-1] + run
    return np.array(times)


def kernel_times(kernels: Kernels, bounds: Bounds, device: DeviceCeilings) -> KernelTimes:
    """Return how long `kernels`, held against `bounds` of `device`, take there by its time-model constants."""
    model = _Model(kernels, device)
    products = Products(kernels, device)
    rules: dict[str, Callable[[Floats], Floats]] = {
        DRAM: lambda least: model.streaming(),
        TENSOR: products.on_tensor_cores,
        FP32: products.on_cuda_cores,
        FP16: products.on_cuda_cores,
        L1: lambda least: least / model.l1_fractions() + model.first_loads(),
    }
    seconds = [
        rules[name](least) if name in rules else least for name, least in zip(bounds.names, bounds.seconds, strict=True)
    ]
    names = (*bounds.names, ISSUE, LATENCY)
    rows = np.stack([*seconds, model.issuing() + model.first_loads(), model.chasing()])
    converting = np.where(products.left_to_cuda_cores(), 0.0, model.converting())
    return KernelTimes(names, rows + converting, model.launching())


class _Model:
    """The constants of a device for each of some kernels, as arrays (n,)."""

    def __init__(self, kernels: Kernels, device: DeviceCeilings) -> None:
        self._kernels = kernels
        self._device = device
        self._issue = self.get("issue_slots_per_second", 0.0)

    def get(self, key: str, default: float) -> float:
        return self._device.achievable.get(key, default)

    def dram_fractions(self) -> Floats:
        reached = self._pattern_constants(lambda pattern: self.get(_DRAM.get(pattern, _PRODUCT_DRAM), 1.0))
        on_cores = self._kernels.has_pattern(_MATRICES) & ~self._kernels.on_tensor
        return np.where(on_cores, self.get("core_product_dram_fraction", 1.0), reached)

    def l1_fractions(self) -> Floats:
        return np.where(self._kernels.has_pattern(_NATIVE), self.get("tap_l1_fraction", 1.0), 1.0)

    def first_loads(self) -> Floats:
        """Seconds that PyTorch's depthwise kernels wait for DRAM before L1 serves their taps: they prefetch nothing."""
        waiting: Floats = np.where(self._kernels.has_pattern(_NATIVE), self._dram_seconds(), 0.0)
        return waiting

    def streaming(self) -> Floats:
        """Seconds of moving bytes through DRAM, and through L2 alone what is found there or stays."""
        moved = self._kernels.dram_bytes
        resident = self._kernels.resident_bytes(self.get("l2_capacity_bytes", 0.0))
        from_dram = 1.0 - np.divide(resident, moved, out=np.zeros_like(moved), where=moved > 0)
        return self._dram_seconds() * from_dram + resident / self._l2_bandwidth()

    def _dram_seconds(self) -> Floats:
        """Seconds of moving all bytes through DRAM, at the fraction that the kernels reach."""
        bandwidth = self._device.memory_bytes_per_second.get(DRAM, np.inf)
        moved = self._kernels.dram_bytes + self._kernels.blocks * self._kernels.row_bytes * self._second_passes()
        seconds: Floats = moved / bandwidth / self.dram_fractions()
        return seconds

    def _second_passes(self) -> Floats:
        """Return the share of rows that comes from DRAM twice, where those of all resident blocks do not fit in L2."""
        rows = self._kernels.resident_blocks * self.get("sm_count", 1.0) * self._kernels.row_bytes
        is_halved = self.get("compute_capability", 0.0) in _HALVED_L2
        capacity = self.get("l2_capacity_bytes", 0.0) / (2 if is_halved else 1)
        if not capacity:
            return np.zeros_like(rows)
        return np.clip((rows / capacity - 0.9) / 0.25, 0.0, 1.0)

    def _l2_bandwidth(self) -> float:
        memory = self._device.memory_bytes_per_second
        known = memory.get(L2, self._issue * _LEAST_L2_BYTES_PER_SLOT) * self.get("stream_l2_fraction", 1.0)
        return max(known, memory.get(DRAM, np.inf) * self.get("stream_dram_fraction", 1.0))

    def chasing(self) -> Floats:
        """Seconds of loads that each thread makes one after the other, in as many turns as the blocks need."""
        slots = self.get("sm_count", 1.0) * self._kernels.resident_blocks
        turns = np.maximum(1.0, self._kernels.blocks / slots)
        return self._kernels.serial_steps * turns * self.get("serial_load_seconds", 0.0)

    def converting(self) -> Floats:
        """Seconds of the conversions that cuDNN makes around a kernel on tensor cores, each a kernel of its own.

        One whose tensors fit in L2 streams through that, any other through DRAM; none is faster than its blocks.
        """
        moved, blocks = self._kernels.conversions
        memory = self._device.memory_bytes_per_second
        dram = memory.get(DRAM, np.inf) * self.get("stream_dram_fraction", 1.0)
        cached = moved <= self.get("l2_capacity_bytes", 0.0)
        bandwidth = np.where(cached, self._l2_bandwidth(), dram)
        slots = self.get("sm_count", 1.0) * _CONVERTING_BLOCKS
        by_blocks = blocks / slots * _CONVERTING_LOADS * self.get("serial_load_seconds", 0.0)
        each = np.maximum(moved / bandwidth, by_blocks) + (blocks > 0) * self.get("launch_seconds", 0.0)
        return np.where(self._kernels.on_tensor, each.sum(axis=0), 0.0)

    def issuing(self) -> Floats:
        """Seconds for which the schedulers issue, per tap of depthwise weight gradients, or what a kernel states."""
        per_tap = self._pattern_constants(lambda pattern: self._instructions(pattern, _WEIGHT_INSTRUCTIONS))
        per_tap_half = self._pattern_constants(lambda pattern: self._instructions(pattern, _HALF_WEIGHT_INSTRUCTIONS))
        is_half = self._kernels.element_bytes == _HALF_BYTES
        taps = self._kernels.macs * self._kernels.padding
        busy = np.clip(self._kernels.blocks / self.get("sm_count", 1.0), 0.0, 1.0)
        stated = self._kernels.instructions / np.where(busy > 0, busy, 1.0)  # SMs without a block issue nothing
        issued = taps * np.where(is_half, per_tap_half, per_tap) + stated
        return issued / self._issue if self._issue else np.zeros_like(issued)

    def launching(self) -> Floats:
        """Seconds of starting each kernel, and of what its threads compute before they load anything."""
        gap = self.get("launch_gap_seconds", 0.0) if self._device.host is not None else 0.0
        latency = self._kernels.launches * (self.get("launch_seconds", 0.0) + gap)
        if not self._issue:
            return latency
        instructions = self._kernels.blocks * _NATIVE_THREADS * self.get("tap_prologue_instructions", 0.0)
        return latency + np.where(self._kernels.has_pattern(_NATIVE), instructions / self._issue, 0.0)

    def _instructions(self, pattern: Pattern, key: str) -> float:
        if pattern is Pattern.DEPTHWISE_CUDNN_WEIGHT:
            return self.get(key, 0.0)
        return self.get(_WEIGHT_INSTRUCTIONS, 0.0) if pattern is Pattern.DEPTHWISE_WEIGHT else 0.0

    def _pattern_constants(self, constant: Callable[[Pattern], float]) -> Floats:
        return np.array([constant(pattern) for pattern in PATTERNS])[self._kernels.patterns]
