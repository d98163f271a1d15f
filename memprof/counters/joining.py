"""Joining the counters of a run with a report's operators: counted bytes beside the modelled ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from memprof.counters.matching import Pool, Slot, match, share_out, slots_of
from memprof.counters.names import kernel_name
from memprof.counters.records import Counters, KernelCounters
from memprof.counters.remarks import remark
from memprof.errors import CountersError
from memprof.report.record import OperatorRow, ReportWarning
from memprof.vocabulary import MEMORY_LEVELS

_Amounts: TypeAlias = Mapping[str, float | None]
"""Bytes by memory level."""
_COPY = "copy"
"""An activity that moves an operator's data and that Nsight Compute does not count."""
_LEAST_MATCH = 0.5


def join(
    counters: Counters, operators: Sequence[OperatorRow]
) -> tuple[tuple[OperatorRow, ...], tuple[ReportWarning, ...]]:
    """Return the operators with the bytes that were counted for them, and what to know about the match.

    An operator has counted bytes where every kernel it ran was counted. CountersError where fewer than half of the
    counted kernels ran in any operator: the counters are of another run.
    """
    slots = slots_of(operators)
    if not slots:
        raise CountersError(
            f"no operator has a kernel that the counters in {counters.path} could belong to",
            "counters go with the trace of a CUDA run",
        )
    pools, strangers = match(counters.kernels, slots)
    _check_same_run(counters, strangers)
    steps = math.gcd(*(row.calls for row in operators))
    counted = dict(pair for pool in pools for pair in _pool_amounts(pool, steps))
    by_row: dict[int, list[_Amounts]] = defaultdict(list)
    for slot in slots:
        by_row[slot.row].append(counted.get(slot, dict.fromkeys(MEMORY_LEVELS)))
    rows = tuple(_add_amounts(row, by_row.get(place, [])) for place, row in enumerate(operators))
    return rows, remark(counters, pools, strangers, rows)


def _check_same_run(counters: Counters, strangers: Sequence[KernelCounters]) -> None:
    names = {kernel_name(kernel.name) for kernel in counters.kernels}
    known = len(names) - len({kernel_name(kernel.name) for kernel in strangers})
    if known < _LEAST_MATCH * len(names) or not known:
        what = f"{known or 'none'} of the {len(names)} kernels in {counters.path} ran in an operator"
        raise CountersError(
            f"these counters are of another run: {what}",
            "record both of the same model, batch and precision on the same GPU",
        )


def _pool_amounts(pool: Pool, steps: int) -> Iterator[tuple[Slot, _Amounts]]:
    """Yield the bytes of each slot; where its runs are not known, those of so many calls of the mean run."""
    if pool.is_whole:
        for slot, runs in zip(pool.slots, share_out(pool, steps), strict=True):
            yield slot, {level: _call_bytes(runs, level, slot.calls) for level in MEMORY_LEVELS}
        return
    means = {level: _call_bytes(pool.runs, level, 1) for level in MEMORY_LEVELS}
    for slot in pool.slots:
        yield slot, {level: None if mean is None else mean * slot.calls for level, mean in means.items()}


def _call_bytes(runs: Iterable[KernelCounters], level: str, calls: int) -> float | None:
    """Return the bytes of `calls` calls from the runs that were counted."""
    values = [value for run in runs if (value := run.bytes_at(level)) is not None]
    if not values:
        return None
    return math.fsum(values) if len(values) == calls else math.fsum(values) / len(values) * calls


def _add_amounts(row: OperatorRow, amounts: Sequence[_Amounts]) -> OperatorRow:
    if not amounts or any(kernel.activity == _COPY for kernel in row.kernels):
        return row
    dram, l2, l1 = (_total([amount[level] for amount in amounts]) for level in MEMORY_LEVELS)
    return replace(row, counted_dram_bytes=dram, counted_l2_bytes=l2, counted_l1_bytes=l1)


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if len(known) == len(values) else None
