"""Working sets: how many bytes each thread goes through so that they come from the level that is to be measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from memprof.calibration.caches import Caches
from memprof.calibration.records import Caution

LINE_BYTES = 64
"""A cache line, by which successive passes over a working set are shifted. 128-byte lines only shift by less."""

_LEAST_BYTES = 4 * LINE_BYTES
"""Of a working set: a line for each of four operands."""
_IN_CACHE = 0.5
"""Of a thread's share of L1 or L2: enough to be far above the level inside, and to leave room for everything else."""
_BEYOND_L2 = 4.0
"""Times a thread's L2 for a working set in L3. Half an L3 would be wrong in the cloud, where other guests share it."""
_BEYOND_CACHES = 4.0
"""Times the last cache for a working set in DRAM, as STREAM asks of its arrays (McCalpin, STREAM benchmark)."""
_BEYOND_LARGE_CACHES = 2.0
"""The same where that would be more than a gibibyte, whose pages alone take seconds to get on a slow machine."""
_LARGE_BYTES = 2**30
_LEAST_DRAM_BYTES = 256 * 2**20
_OF_MEMORY = 0.25
_BYTES_PER_CALL = 256 * 2**20
"""That each thread moves in a call, by several passes: it takes long beside the start of threads."""


@dataclass(frozen=True, slots=True)
class WorkingSet:
    """What each of `threads` goes through in one call: `bytes_per_thread`, rows x columns times."""

    level: str
    threads: int
    bytes_per_thread: int
    rows: int
    columns: int


def working_sets(caches: Caches, available_bytes: float) -> tuple[tuple[WorkingSet, ...], tuple[Caution, ...]]:
    """Return a working set for DRAM and each cache, outermost first; a caution where memory is too small for DRAM's.

    `available_bytes` is the memory that may be used, of which a quarter is taken at most.
    """
    sizes = {cache.level: _size(caches, cache.level) for cache in caches.levels}
    last = caches.share_bytes(caches.levels[-1].level) * caches.threads if caches.levels else 0.0
    large = max(_BEYOND_LARGE_CACHES * last, _LARGE_BYTES)
    wanted = max(min(_BEYOND_CACHES * last, large), _LEAST_DRAM_BYTES)
    granted = min(wanted, _OF_MEMORY * available_bytes)
    cautions: tuple[Caution, ...] = ()
    if last and granted < wanted / 2:
        caution = Caution(
            f"There was memory for {granted / 1e6:,.0f} MB to measure DRAM with, {granted / last:.1f} times the last "
            "cache: part of them came from there, so that DRAM may look too fast",
            "close other programs and calibrate again",
        )
        cautions = (caution,)
    sets = [_working_set(level, size, caches.threads) for level, size in sizes.items()]
    dram = WorkingSet("dram", caches.threads, max(_LEAST_BYTES, int(granted / caches.threads)), 1, 1)
    return (dram, *reversed(sets)), cautions


def _size(caches: Caches, level: str) -> float:
    share, inner = caches.share_bytes(level), caches.share_bytes("l2")
    if level != "l3" or not inner:
        return _IN_CACHE * share
    return min(_BEYOND_L2 * inner, math.sqrt(inner * share))


def _working_set(level: str, size: float, threads: int) -> WorkingSet:
    size_bytes = max(_LEAST_BYTES, int(size))
    passes = max(1.0, _BYTES_PER_CALL / size_bytes)
    rows = math.ceil(math.sqrt(passes))
    return WorkingSet(level, threads, size_bytes, rows, math.ceil(passes / rows))
