"""The probes, as PyTorch operators: four ways through memory, matrix products, convolutions, element-wise arithmetic.

A torch operator on little data is all overhead, and below 32,768 elements it uses one thread. So operands in a cache
are windows: a view (threads, rows, columns, n) over a small stretch of memory for each thread, whose rows and columns
overlap but for a cache line, so that one call makes every thread go through its own stretch many times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch

from memprof.calibration.placement import LINE_BYTES, WorkingSet
from memprof.calibration.records import Group, Probe, Task

Call = Callable[[], object]
Level = Callable[[float], str]
"""From the bytes of all operands to the innermost level that holds them."""

_STEP = LINE_BYTES // 4
"""Elements between the beginnings of successive passes; torch refuses to write through a stride of 0."""
_FIRST_MATMUL = 256
_MATMULS = (512, 1024, 2048, 4096, 8192)
_CONVOLUTIONS = ((64, 56), (128, 28), (256, 14), (256, 28))
"""Channels in and out, and pixels a side, of 3x3 convolutions: ResNet's, and one that is large."""
_LARGEST_OUTPUT_BYTES = 16 * 2**20
"""Of a convolution, which makes its output anew: what is larger is mapped, and page-faulted, on every call."""
_IMAGES_PER_THREAD = 2
_FILLING, _SCALE = 1.0, 0.5


class Block:
    """Memory for the operands of probes that run one at a time: a stretch for each thread, which writes it first.

    Its pages then lie near that thread. `most_streams` is how many operands a probe has at most.
    """

    def __init__(self, working_set: WorkingSet, most_streams: int, device: str = "cpu") -> None:
        self._set = working_set
        self._slide = _STEP * (working_set.rows + working_set.columns)
        self._stretch = working_set.bytes_per_thread // 4 // _STEP * _STEP + most_streams * self._slide
        self._memory = torch.empty(working_set.threads * self._stretch, device=device).fill_(_FILLING)

    def windows(self, streams: int) -> list[torch.Tensor]:
        """Return `streams` float32 operands (threads, rows, columns, n) that together fill each thread's working set.

        Successive rows and columns begin a cache line later, those of one operand within memory of its own.
        """
        n = self._set.bytes_per_thread // (4 * streams) // _STEP * _STEP
        size = (self._set.threads, self._set.rows, self._set.columns, n)
        strides = (self._stretch, _STEP, _STEP, 1)
        return [self._memory.as_strided(size, strides, stream * (n + self._slide)) for stream in range(streams)]


def bandwidth(working_set: WorkingSet, device: str = "cpu") -> Group:
    """Return the group that measures a memory level: reading, writing, copying, and the triad a = b + s c."""
    weight = 4.0 if working_set.level == "dram" else 2.0
    name = f"{working_set.level.upper()} bandwidth"
    return Group(name, weight, partial(_bandwidth_probes, working_set, device))


def _bandwidth_probes(working_set: WorkingSet, device: str) -> list[Probe]:
    total = torch.empty((), device=device)
    block = Block(working_set, 3, device)
    (alone,), (target, source), (a, b, c) = (block.windows(streams) for streams in (1, 2, 3))

    def task(name: str, operand: torch.Tensor, streams: int, flops: int) -> Task:
        size = operand.numel()
        return Task(f"{working_set.level}_bytes_per_second", name, working_set.level, 4 * streams * size, flops * size)

    return [
        Probe(task("read", alone, 1, 1), lambda: torch.sum(alone, dim=(0, 1, 2, 3), out=total)),
        Probe(task("write", alone, 1, 0), lambda: alone.fill_(_FILLING)),
        Probe(task("copy", target, 2, 0), lambda: target.copy_(source)),
        Probe(task("triad", a, 3, 2), lambda: torch.add(b, c, alpha=_SCALE, out=a)),
    ]


def elementwise(working_set: WorkingSet, device: str = "cpu") -> Group:
    """Return the group that measures element-wise multiply-adds on operands in a cache."""
    return Group("element-wise arithmetic", 1.0, partial(_elementwise_probes, working_set, device))


def _elementwise_probes(working_set: WorkingSet, device: str) -> list[Probe]:
    out, x, y, z = Block(working_set, 4, device).windows(4)
    factor = torch.tensor(_SCALE, device=device)

    def task(name: str, streams: int, flops: int) -> Task:
        moved, computed = 4 * streams * out.numel(), flops * out.numel()
        return Task("elementwise_flops_per_second", name, working_set.level, moved, computed)

    return [
        Probe(task("add with alpha", 3, 2), lambda: torch.add(x, y, alpha=_SCALE, out=out)),
        Probe(task("addcmul", 4, 3), lambda: torch.addcmul(x, y, z, value=_SCALE, out=out)),
        Probe(task("addcmul with a scalar", 3, 3), lambda: torch.addcmul(x, y, factor, value=_SCALE, out=out)),
    ]


def matrix(
    ceiling: str,
    dtype: torch.dtype,
    threads: int,
    level: Level,
    device: str = "cpu",
    around: Callable[[Call], Call] = lambda run: run,
) -> Group:
    """Return the group that measures matrix work in `dtype`: products and 3x3 convolutions of several sizes.

    `around` wraps every call, to choose how torch computes. The smallest product comes first: what is hopelessly slow
    is known before anything large is tried. Operands are made at the first call.
    """

    def build() -> list[Probe]:
        probes = [
            _product(ceiling, dtype, level, device, _FIRST_MATMUL),
            *_convolutions(ceiling, dtype, threads, level, device),
            *(_product(ceiling, dtype, level, device, n) for n in _MATMULS),
        ]
        return [Probe(probe.task, around(probe.call)) for probe in probes]

    return Group(f"{ceiling.partition('_')[0].upper()} arithmetic", 2.0, build)


def _product(ceiling: str, dtype: torch.dtype, level: Level, device: str, n: int) -> Probe:
    def make() -> Call:
        left, right = (_random((n, n), dtype, device) for _ in range(2))
        return partial(torch.mm, left, right, out=torch.zeros(n, n, dtype=dtype, device=device))

    moved = 3 * n * n * dtype.itemsize
    return Probe(Task(ceiling, f"matmul of {n}", level(moved), moved, 2 * n**3), _lazy_call(make))


def _convolutions(ceiling: str, dtype: torch.dtype, threads: int, level: Level, device: str) -> Iterator[Probe]:
    for channels, side in _CONVOLUTIONS:
        image_bytes = channels * side * side * dtype.itemsize
        images = max(1, min(_IMAGES_PER_THREAD * threads, _LARGEST_OUTPUT_BYTES // image_bytes))
        moved = 2 * images * image_bytes + 9 * channels * channels * dtype.itemsize
        flops = 2 * images * side * side * channels * channels * 9
        shape = (images, channels, side, side)
        task = Task(ceiling, f"convolution of {'x'.join(map(str, shape))}", level(moved), moved, flops)
        yield Probe(task, _lazy_call(partial(_convolution, shape, dtype, device)))


def _convolution(shape: tuple[int, int, int, int], dtype: torch.dtype, device: str) -> Call:
    channels = shape[1]
    images = _random(shape, dtype, device).contiguous(memory_format=torch.channels_last)
    weight = _random((channels, channels, 3, 3), dtype, device).contiguous(memory_format=torch.channels_last)
    return partial(torch.conv2d, images, weight, padding=1)


def _lazy_call(make: Callable[[], Call]) -> Call:
    made: list[Call] = []

    def run() -> object:
        if not made:
            made.append(make())
        return made[0]()

    return run


def _random(shape: Sequence[int], dtype: torch.dtype, device: str) -> torch.Tensor:
    """Return values from 0.5 to 1: no zeros, infinities or denormal numbers, at which some hardware runs otherwise."""
    return torch.empty(tuple(shape), device=device).uniform_(0.5, 1.0).to(dtype)
