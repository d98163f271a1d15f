"""Kernels as arrays: what the time model asks of the Work records of a step, gathered once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memprof.operators.work import Pattern, Work
from memprof.vocabulary import TENSOR

PATTERNS = tuple(Pattern)
"""Every pattern; `Kernels.patterns` are indices into it."""

_THREADS_PER_BLOCK = 1024
"""Of PyTorch's depthwise kernels, one thread for each output (memprof.operators.depthwise)."""
_HALF = frozenset({"float16", "bfloat16"})

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kernels:
    """n kernels in order. Arrays (n,), but `sizes` (4, n): batch, m, n, k of matrix products, 0 for other kernels."""

    patterns: NDArray[np.intp]
    read_bytes: Floats
    written_bytes: Floats
    converted_bytes: Floats
    macs: Floats
    vector_flops: Floats
    launches: Floats
    threads: Floats
    serial_steps: Floats
    is_half: NDArray[np.bool_]
    on_tensor: NDArray[np.bool_]
    sizes: Floats

    @property
    def dram_bytes(self) -> Floats:
        """Return the bytes each kernel moves through DRAM, read and written (n,)."""
        return self.read_bytes + self.written_bytes

    def resident_bytes(self, capacity_bytes: float) -> Floats:
        """Return what of its input each kernel may find in an L2 of `capacity_bytes` (n,).

        The kernel before it has just written that; it is still there where both fit.
        """
        written = np.concatenate(([0.0], self.written_bytes[:-1])) if self.written_bytes.size else self.written_bytes
        reread = np.minimum(written, self.read_bytes)
        return np.where(written + self.read_bytes <= capacity_bytes, reread, 0.0)

    def has_pattern(self, patterns: Set[Pattern]) -> NDArray[np.bool_]:
        """Return which kernels have one of `patterns`."""
        return np.array([pattern in patterns for pattern in PATTERNS])[self.patterns]


def gather(works: Sequence[Work], engines: Sequence[Mapping[str, float]]) -> Kernels:
    """Gather the kernels of `works`, whose FLOPs by engine are `engines`."""
    index = {pattern: place for place, pattern in enumerate(PATTERNS)}
    numbers = [
        (
            work.dram.read_bytes,
            work.dram.written_bytes,
            work.converted_bytes,
            work.macs,
            work.vector_flops,
            work.launches,
            (work.blocks or 0) * _THREADS_PER_BLOCK,
            work.serial_steps,
        )
        for work in works
    ]
    read, written, converted, macs, vector, launches, threads, steps = np.array(numbers, dtype=float).reshape(-1, 8).T
    sizes = [
        (work.product.batch, work.product.m, work.product.n, work.product.k) if work.product else (0, 0, 0, 0)
        for work in works
    ]
    return Kernels(
        patterns=np.array([index[work.pattern] for work in works], dtype=np.intp),
        read_bytes=read,
        written_bytes=written,
        converted_bytes=converted,
        macs=macs,
        vector_flops=vector,
        launches=launches,
        threads=threads,
        serial_steps=steps,
        is_half=np.array([work.dtype in _HALF for work in works], dtype=bool),
        on_tensor=np.array([shares.get(TENSOR, 0.0) > 0 for shares in engines], dtype=bool),
        sizes=np.array(sizes, dtype=np.float64).reshape(-1, 4).T,
    )
