"""Operator calls placed under the roofline: their work, the ceiling that binds, the least seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memprof.calls import OperatorCall
from memprof.operators.work import Work
from memprof.report.record import DeviceCeilings, HostCosts
from memprof.roofline.bounds import Bounds, bound_seconds
from memprof.roofline.hosts import launch_times
from memprof.roofline.kernels import Kernels, gather
from memprof.roofline.timing import KernelTimes, kernel_times, timeline
from memprof.tensors.precision import Precision
from memprof.vocabulary import CPU, DRAM, ENGINES, FP16, FP32, HOST, L1, L2, LAUNCH, TENSOR, Kind

Floats = NDArray[np.float64]

L2_CAPACITY = "l2_capacity_bytes"
WITHOUT_MODEL = CPU
"""The kind of devices whose kernels are taken to need their least time: the time model is one of GPUs."""
_BREAK = Work("", "float32", launches=0)
"""Stands between two steps: it touches nothing, so that nothing of the first is left in L2 for the second."""


@dataclass(frozen=True, slots=True)
class CostedCall:
    """An operator call, its kind, and its work, one record per kernel.

    `on_cuda_cores` tells that its kernels, by their names, did matrix work there, whatever the precision allows.
    """

    call: OperatorCall
    kind: Kind
    works: tuple[Work, ...]
    on_cuda_cores: bool = False


@dataclass(frozen=True, slots=True)
class RooflinePoint:
    """A costed call on a device.

    `seconds` is the predicted time of its kernels and of waiting for them to be launched, `bound` what sets most of it.
    `roofline_seconds` is the sum of its kernels' least times.
    """

    costed: CostedCall
    engine: str
    bound: str
    seconds: float
    roofline_seconds: float


def place(costed: Sequence[CostedCall], device: DeviceCeilings, precision: Precision) -> list[RooflinePoint]:
    """Place calls under the device's roofline, in order."""
    times = Steps([costed], precision).on(device)
    points, index = [], 0
    for item in costed:
        if not item.works:
            points.append(RooflinePoint(item, FP32, DRAM, 0.0, 0.0))
            continue
        bound = times.names[int(times.binding[index])]
        seconds, least = float(times.seconds[index]), float(times.least[index])
        points.append(RooflinePoint(item, _engine(item, device, precision), bound, seconds, least))
        index += 1
    return points


@dataclass(frozen=True, slots=True)
class CallTimes:
    """How long the calls of some steps take on a device: those with work, in order, arrays (calls,).

    `seconds` are predicted, waits for the host included, `least` what the ceilings ask for; `binding` indexes `names`:
    what sets most of a call's time. `step` tells which of the `steps` a call belongs to.
    """

    names: tuple[str, ...]
    seconds: Floats
    least: Floats
    binding: NDArray[np.intp]
    step: NDArray[np.intp]
    steps: int

    def seconds_by_bound(self) -> Floats:
        """Return the seconds of each step by what binds its calls (steps, names)."""
        return _sums(self.step, self.steps, self.binding, len(self.names), self.seconds)

    def least_by_step(self) -> Floats:
        """Return the least seconds of each step (steps,)."""
        return _sums(self.step, self.steps, np.zeros_like(self.step), 1, self.least)[:, 0]


class Steps:
    """Steps of costed calls in one precision, gathered once to be held against any number of devices.

    All go through the time model at once, so that many devices and many small steps cost no Python for each operator.
    """

    def __init__(self, steps: Sequence[Sequence[CostedCall]], precision: Precision) -> None:
        self._precision = precision
        self._calls = [[(item.call, item.works) for item in step] for step in steps]
        self._works: list[tuple[Work, bool]] = []
        spans: list[range] = []
        for step in steps:
            if self._works:
                self._works.append((_BREAK, False))
            start = len(self._works)
            self._works += [(work, item.on_cuda_cores) for item in step for work in item.works]
            spans.append(range(start, len(self._works)))
        self._spans = spans
        self._is_kernel = np.array([work is not _BREAK for work, _ in self._works], dtype=bool)
        lengths = [len(works) for calls in self._calls for _, works in calls if works]
        self._call = np.repeat(np.arange(len(lengths)), lengths)
        calls = [sum(bool(works) for _, works in calls) for calls in self._calls]
        self._step = np.repeat(np.arange(len(steps)), calls)
        self._gathered: dict[frozenset[str], tuple[Kernels, Demands]] = {}
        self._launched: dict[HostCosts | None, list[Floats]] = {}

    def on(self, device: DeviceCeilings) -> CallTimes:
        """Return how long the calls take on a device."""
        calls, steps = len(self._step), len(self._calls)
        if not calls:
            nothing = np.zeros(0)
            return CallTimes((DRAM,), nothing, nothing, self._step, self._step, steps)
        kernels, demands = self._on_engines(device)
        bounds = demands.on(device)
        if device.kind == WITHOUT_MODEL:
            times = KernelTimes(bounds.names, bounds.seconds, np.zeros_like(bounds.least))
        else:
            times = kernel_times(kernels, bounds, device)
        runs = times.runs
        launched = zip(self._spans, self._launch_times(device.host), strict=True)
        waits = np.concatenate([timeline(runs[span.start : span.stop], starts).waits for span, starts in launched])
        names = (*times.names, LAUNCH, HOST)
        by_bound = _sums(self._call, calls, times.binding[self._is_kernel], len(names), runs[self._is_kernel])
        first = np.zeros_like(self._call)
        by_bound[:, -1] += _sums(self._call, calls, first, 1, waits)[:, 0]
        least = _sums(self._call, calls, first, 1, bounds.least[self._is_kernel])[:, 0]
        return CallTimes(names, by_bound.sum(axis=1), least, by_bound.argmax(axis=1), self._step, steps)

    def _on_engines(self, device: DeviceCeilings) -> tuple[Kernels, Demands]:
        """Return the kernels and what they ask for, gathered once for devices with the same engines."""
        key = frozenset(device.peak_flops_per_second)
        if key not in self._gathered:
            works = [work for work, _ in self._works]
            engines = [engines_of(work, device, self._precision, on_cores) for work, on_cores in self._works]
            self._gathered[key] = gather(works, engines), demands_of(works, engines)
        return self._gathered[key]

    def _launch_times(self, host: HostCosts | None) -> list[Floats]:
        if host not in self._launched:
            self._launched[host] = [launch_times(calls, host) for calls in self._calls]
        return self._launched[host]


def without_host(device: DeviceCeilings) -> DeviceCeilings:
    """Return a device whose kernels never wait for the host: what a profiler calls their duration."""
    return replace(device, host=None)


@dataclass(frozen=True, slots=True)
class Demands:
    """What n kernels ask of ceilings, whatever the device: bytes by level, FLOPs by engine; arrays (n,)."""

    read_bytes: Floats
    written_bytes: Floats
    l2_bytes: Floats
    l1_bytes: Floats
    flops: Mapping[str, Floats]

    def on(self, device: DeviceCeilings) -> Bounds:
        """Hold the kernels against the device's ceilings.

        Of what a kernel reads, as much as fits in L2 may be there already; of what it writes, as much may stay there.
        """
        capacity = device.achievable.get(L2_CAPACITY, 0.0)
        dram = np.maximum(0.0, self.read_bytes - capacity) + np.maximum(0.0, self.written_bytes - capacity)
        return bound_seconds({DRAM: dram, L2: self.l2_bytes, L1: self.l1_bytes}, self.flops, device)


def demands_of(works: Sequence[Work], engines: Sequence[Mapping[str, float]]) -> Demands:
    """Gather what the kernels of `works`, whose FLOPs by engine are `engines`, ask of ceilings."""
    amounts = [
        (work.dram.read_bytes, work.dram.written_bytes, work.l2.total_bytes, work.l1.total_bytes) for work in works
    ]
    read, written, l2, l1 = np.array(amounts, dtype=np.float64).reshape(-1, 4).T
    flops = {name: np.array([shares.get(name, 0.0) for shares in engines], dtype=np.float64) for name in ENGINES}
    return Demands(read, written, l2, l1, flops)


def bounds_of(works: Sequence[Work], engines: Sequence[Mapping[str, float]], device: DeviceCeilings) -> Bounds:
    """Hold the kernels of `works`, whose FLOPs by engine are `engines`, against the device's ceilings."""
    return demands_of(works, engines).on(device)


def engines_of(
    work: Work, device: DeviceCeilings, precision: Precision, on_cuda_cores: bool = False
) -> dict[str, float]:
    """Return the FLOPs of `work` by the engine that runs them: "tensor", "fp32" or "fp16".

    Matrix work runs on tensor cores if it has the dtype that the precision policy sends there and is not known to have
    run `on_cuda_cores`; everything else runs on CUDA cores, float16 at the packed rate where the device has a figure
    for it. Of the device only its kinds of engines count: `Steps` relies on that.
    """
    vector = FP16 if work.dtype == "float16" and FP16 in device.peak_flops_per_second else FP32
    is_sent = work.dtype == precision.matrix_dtype and not on_cuda_cores
    on_tensor = is_sent and TENSOR in device.peak_flops_per_second
    shares: dict[str, float] = defaultdict(float)
    shares[TENSOR if on_tensor else vector] += work.matrix_flops
    shares[vector] += work.vector_flops
    return shares


def _engine(item: CostedCall, device: DeviceCeilings, precision: Precision) -> str:
    """Return the engine that does most of a call's FLOPs."""
    flops: dict[str, float] = defaultdict(float)
    for work in item.works:
        for name, amount in engines_of(work, device, precision, item.on_cuda_cores).items():
            flops[name] += amount
    return max(flops, key=lambda name: flops[name])


def _sums(row: NDArray[np.intp], rows: int, column: NDArray[np.intp], columns: int, amounts: Floats) -> Floats:
    """Return the sums of `amounts` by row and column (rows, columns)."""
    sums = np.bincount(row * columns + column, weights=amounts, minlength=rows * columns)
    return sums.astype(np.float64).reshape(rows, columns)
