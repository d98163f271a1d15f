"""Kernels as arrays: what the time model asks of the Work records of a step, gathered once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from memprof.operators.work import Pattern, Work
from memprof.tensors.shapes import ELEMENT_BYTES
from memprof.vocabulary import TENSOR

PATTERNS = tuple(Pattern)
"""Every pattern; `Kernels.patterns` are indices into it."""

_UNKNOWN_BYTES = 4
"""Of an element whose dtype has no known size: float32's."""

Floats = NDArray[np.float64]

_SAME = (
    *("macs", "vector_flops", "launches", "blocks", "padding", "instructions", "serial_steps", "resident_blocks"),
    *("in_place_bytes", "reread_bytes", "row_bytes"),
)
"""Numbers of a Work that kernels have by the same name."""
_NAMES = ("read_bytes", "written_bytes", *_SAME)
_NUMBERS = attrgetter("dram.read_bytes", "dram.written_bytes", *_SAME)


@dataclass(frozen=True, slots=True)
class Kernels:
    """n kernels in order. Arrays (n,), but for three.

    `sizes` (4, n) are batch, m, n, k of matrix products, 0 for other kernels; `conversions` (2, most, n) bytes moved
    and blocks of what is converted around a kernel; `winograd` (2, n) the tiles and the patches of
    Winograd's algorithms, 0 where none applies.
    """

    patterns: NDArray[np.intp]
    read_bytes: Floats
    written_bytes: Floats
    macs: Floats
    vector_flops: Floats
    launches: Floats
    blocks: Floats
    padding: Floats
    instructions: Floats
    serial_steps: Floats
    resident_blocks: Floats
    element_bytes: Floats
    on_tensor: NDArray[np.bool_]
    turned: NDArray[np.bool_]
    sizes: Floats
    conversions: Floats
    winograd: Floats
    in_place_bytes: Floats
    reread_bytes: Floats
    row_bytes: Floats

    @property
    def dram_bytes(self) -> Floats:
        """Return the bytes each kernel moves through DRAM, read and written (n,)."""
        return self.read_bytes + self.written_bytes

    def resident_bytes(self, capacity_bytes: float) -> Floats:
        """Return what each kernel moves through an L2 of `capacity_bytes` without DRAM (n,).

        It finds what the kernel before it has written or read, as far as there is room beside what either of them
        touches otherwise; what it writes over that stays there too. What it writes elsewhere stays as far as there is
        room beside what else it touches.
        """
        if not self.read_bytes.size:
            return self.read_bytes
        written, read = (np.concatenate(([0.0], column[:-1])) for column in (self.written_bytes, self.read_bytes))
        shared = np.minimum(written + self.reread_bytes, self.read_bytes)
        touched = self.dram_bytes - self.in_place_bytes
        beside = np.maximum(np.maximum(read - self.reread_bytes, 0.0), touched - shared)
        found = np.clip(capacity_bytes - beside, 0.0, shared)
        share = np.divide(found, shared, out=np.zeros_like(found), where=shared > 0)
        elsewhere = self.written_bytes - self.in_place_bytes
        kept = np.clip(capacity_bytes - (touched - elsewhere), 0.0, elsewhere)
        return found + share * np.minimum(self.in_place_bytes, shared) + kept

    def has_pattern(self, patterns: Set[Pattern]) -> NDArray[np.bool_]:
        """Return which kernels have one of `patterns`."""
        return np.array([pattern in patterns for pattern in PATTERNS])[self.patterns]


def gather(works: Sequence[Work], engines: Sequence[Mapping[str, float]]) -> Kernels:
    """Gather the kernels of `works`, whose FLOPs by engine are `engines`."""
    index = {pattern: place for place, pattern in enumerate(PATTERNS)}
    columns = np.array([_NUMBERS(work) for work in works], dtype=float).reshape(-1, len(_NAMES))
    by_name = dict(zip(_NAMES, np.nan_to_num(columns).T, strict=True))
    sizes = [
        (work.product.batch, work.product.m, work.product.n, work.product.k) if work.product else (0, 0, 0, 0)
        for work in works
    ]
    winograd = [(work.winograd.tiles_4x4, work.winograd.patches) if work.winograd else (0, 0) for work in works]
    return Kernels(
        patterns=np.array([index[work.pattern] for work in works], dtype=np.intp),
        element_bytes=np.array([ELEMENT_BYTES.get(work.dtype, _UNKNOWN_BYTES) for work in works], dtype=float),
        on_tensor=np.array([shares.get(TENSOR, 0.0) > 0 for shares in engines], dtype=bool),
        turned=np.array([work.product is not None and work.product.turned for work in works], dtype=bool),
        sizes=np.array(sizes, dtype=np.float64).reshape(-1, 4).T,
        conversions=_conversions(works),
        winograd=np.array(winograd, dtype=np.float64).reshape(-1, 2).T,
        **by_name,
    )


def _conversions(works: Sequence[Work]) -> Floats:
    most = max((len(work.conversions) for work in works), default=0)
    table = np.zeros((2, most, len(works)))
    for index, work in enumerate(works):
        for place, conversion in enumerate(work.conversions):
            table[:, place, index] = conversion.moved_bytes, conversion.blocks
    return table
