"""Operator calls placed under the roofline: their work, the ceiling that binds, the least seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from memprof.calls import OperatorCall
from memprof.operators.work import Work
from memprof.report.record import DeviceCeilings
from memprof.roofline.bounds import Bounds, bound_seconds
from memprof.roofline.hosts import launch_times
from memprof.roofline.kernels import gather
from memprof.roofline.timing import KernelTimes, Timeline, kernel_times, timeline
from memprof.tensors.precision import Precision
from memprof.vocabulary import CPU, DRAM, FP16, FP32, HOST, L1, L2, TENSOR, Kind

L2_CAPACITY = "l2_capacity_bytes"
WITHOUT_MODEL = CPU
"""The kind of devices whose kernels are taken to need their least time: the time model is one of GPUs."""


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
    works = [work for item in costed for work in item.works]
    if not works:
        return [RooflinePoint(item, FP32, DRAM, 0.0, 0.0) for item in costed]
    engines = [engines_of(work, device, precision, item.on_cuda_cores) for item in costed for work in item.works]
    bounds = bounds_of(works, engines, device)
    kernels = gather(works, engines)
    if device.kind == WITHOUT_MODEL:
        times = KernelTimes(bounds.names, bounds.seconds, np.zeros(len(works)))
    else:
        times = kernel_times(kernels, bounds, device)
    steps = timeline(times.runs, launch_times([(item.call, item.works) for item in costed], device.host))
    points, start = [], 0
    for item in costed:
        end = start + len(item.works)
        points.append(_point(item, engines[start:end], bounds, times, steps, range(start, end)))
        start = end
    return points


def without_host(device: DeviceCeilings) -> DeviceCeilings:
    """Return a device whose kernels never wait for the host: what a profiler calls their duration."""
    return replace(device, host=None)


def bounds_of(works: Sequence[Work], engines: Sequence[Mapping[str, float]], device: DeviceCeilings) -> Bounds:
    """Hold the kernels of `works`, whose FLOPs by engine are `engines`, against the device's ceilings.

    Of what a kernel reads, as much as fits in L2 may be there already; of what it writes, as much may stay there.
    """
    capacity = device.achievable.get(L2_CAPACITY, 0.0)
    traffic = {
        DRAM: [
            max(0.0, work.dram.read_bytes - capacity) + max(0.0, work.dram.written_bytes - capacity) for work in works
        ],
        L2: [work.l2.total_bytes for work in works],
        L1: [work.l1.total_bytes for work in works],
    }
    flops = {name: [shares.get(name, 0.0) for shares in engines] for name in device.peak_flops_per_second}
    return bound_seconds(traffic, flops, device)


def engines_of(
    work: Work, device: DeviceCeilings, precision: Precision, on_cuda_cores: bool = False
) -> dict[str, float]:
    """Return the FLOPs of `work` by the engine that runs them: "tensor", "fp32" or "fp16".

    Matrix work runs on tensor cores if it has the dtype that the precision policy sends there and is not known to have
    run `on_cuda_cores`; everything else runs on CUDA cores, float16 at the packed rate where the device has a figure
    for it.
    """
    vector = FP16 if work.dtype == "float16" and FP16 in device.peak_flops_per_second else FP32
    is_sent = work.dtype == precision.matrix_dtype and not on_cuda_cores
    on_tensor = is_sent and TENSOR in device.peak_flops_per_second
    shares: dict[str, float] = defaultdict(float)
    shares[TENSOR if on_tensor else vector] += work.matrix_flops
    shares[vector] += work.vector_flops
    return shares


def _point(
    item: CostedCall,
    engines: Sequence[Mapping[str, float]],
    bounds: Bounds,
    times: KernelTimes,
    steps: Timeline,
    kernels: range,
) -> RooflinePoint:
    flops: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    for shares, index in zip(engines, kernels, strict=True):
        for name, amount in shares.items():
            flops[name] += amount
        seconds[times.bound(index)] += float(steps.runs[index])
        seconds[HOST] += float(steps.waits[index])
    engine = max(flops, key=lambda name: flops[name], default=FP32)
    bound = max(seconds, key=lambda name: seconds[name], default=DRAM)
    least = float(bounds.least[kernels.start : kernels.stop].sum())
    return RooflinePoint(item, engine, bound, sum(seconds.values()), least)
