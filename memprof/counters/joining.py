"""Joining the counters of a run with a report's operators: counted bytes beside the modelled ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from memprof import units
from memprof.counters.matching import COUNTED, Pool, Slot, match, share_out, slots_of
from memprof.counters.metrics import RECORD_AGAIN
from memprof.counters.names import kernel_name
from memprof.counters.records import Counters, KernelCounters
from memprof.errors import CountersError
from memprof.report.record import OperatorRow, ReportWarning
from memprof.vocabulary import MEMORY_LEVELS

_Amounts: TypeAlias = Mapping[str, float | None]
"""Bytes by memory level."""
_COPY = "copy"
"""An activity that moves an operator's data and that Nsight Compute does not count."""
_LEAST_MATCH = 0.5
_NAMED = 3
_LEVEL_WORDS = {"dram": "DRAM", "l2": "L2", "l1": "L1"}
_WHOLE_STEP = "let ncu profile every kernel of one whole step, without --kernel-name and --launch-count"


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
    counted = dict(pair for pool in pools for pair in _counted(pool, steps))
    by_row: dict[int, list[_Amounts]] = defaultdict(list)
    for slot in slots:
        by_row[slot.row].append(counted.get(slot, dict.fromkeys(MEMORY_LEVELS)))
    rows = tuple(_filled(row, by_row.get(place, [])) for place, row in enumerate(operators))
    return rows, tuple(_warnings(counters, pools, strangers, rows))


def _check_same_run(counters: Counters, strangers: Sequence[KernelCounters]) -> None:
    names = {kernel_name(kernel.name) for kernel in counters.kernels}
    known = len(names) - len({kernel_name(kernel.name) for kernel in strangers})
    if known < _LEAST_MATCH * len(names) or not known:
        what = f"{known or 'none'} of the {len(names)} kernels in {counters.path} ran in an operator"
        raise CountersError(
            f"these counters are of another run: {what}",
            "record both of the same model, batch and precision on the same GPU",
        )


def _counted(pool: Pool, steps: int) -> Iterator[tuple[Slot, _Amounts]]:
    """Yield the bytes of each slot; where its runs are not known, those of so many calls of the mean run."""
    if pool.is_whole:
        for slot, runs in zip(pool.slots, share_out(pool, steps), strict=True):
            yield slot, {level: _scaled(runs, level, slot.calls) for level in MEMORY_LEVELS}
        return
    means = {level: _scaled(pool.runs, level, 1) for level in MEMORY_LEVELS}
    for slot in pool.slots:
        yield slot, {level: None if mean is None else mean * slot.calls for level, mean in means.items()}


def _scaled(runs: Iterable[KernelCounters], level: str, calls: int) -> float | None:
    """Return the bytes of `calls` calls from the runs that were counted."""
    values = [value for run in runs if (value := run.bytes_at(level)) is not None]
    if not values:
        return None
    return math.fsum(values) if len(values) == calls else math.fsum(values) / len(values) * calls


def _filled(row: OperatorRow, amounts: Sequence[_Amounts]) -> OperatorRow:
    if not amounts or any(kernel.activity == _COPY for kernel in row.kernels):
        return row
    dram, l2, l1 = (_total([amount[level] for amount in amounts]) for level in MEMORY_LEVELS)
    return replace(row, counted_dram_bytes=dram, counted_l2_bytes=l2, counted_l1_bytes=l1)


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if len(known) == len(values) else None


def _warnings(
    counters: Counters, pools: Sequence[Pool], strangers: Sequence[KernelCounters], rows: Sequence[OperatorRow]
) -> Iterable[ReportWarning]:
    for level in MEMORY_LEVELS:
        if all(kernel.bytes_at(level) is None for kernel in counters.kernels):
            what = f"the counters have no bytes of {_LEVEL_WORDS[level]}"
            yield ReportWarning(f"counters-without-{level}", what, RECORD_AGAIN)
    partial = [pool for pool in pools if len(pool.runs) < pool.calls]
    if partial:
        share = sum(len(pool.runs) for pool in partial) / sum(pool.calls for pool in partial)
        names = _names(pool.runs[0] for pool in partial)
        what = (
            f"{units.share(share)} of the runs of {names} were counted; the others are taken to move as much on average"
        )
        yield ReportWarning("counters-partial", what, _WHOLE_STEP)
    averaged = [pool.runs[0] for pool in pools if len(pool.slots) > 1 and not pool.is_whole]
    if averaged:
        what = f"operators that share a kernel not counted in whole steps all get its mean: {_names(averaged)}"
        yield ReportWarning("counters-averaged", what, _WHOLE_STEP)
    if strangers:
        what = f"{len(strangers)} counted runs of kernels that no operator ran are left out: {_names(strangers)}"
        yield ReportWarning("counters-unmatched", what, "let ncu profile the steps only that the trace holds")
    uncounted = [row for row in rows if _is_uncounted(row)]
    if uncounted:
        seconds = sum(row.measured_seconds or 0.0 for row in rows)
        share = sum(row.measured_seconds or 0.0 for row in uncounted) / seconds if seconds else 0.0
        names = _listed(row.name for row in uncounted)
        what = f"operators with {units.share(share)} of the measured time have no counted bytes: {names}"
        yield ReportWarning("uncounted-operators", what, _WHOLE_STEP)


def _is_uncounted(row: OperatorRow) -> bool:
    ran = any(kernel.activity in COUNTED for kernel in row.kernels)
    counted = (row.counted_dram_bytes, row.counted_l2_bytes, row.counted_l1_bytes)
    return ran and all(amount is None for amount in counted)


def _names(kernels: Iterable[KernelCounters]) -> str:
    return _listed(kernel_name(kernel.name).function for kernel in kernels)


def _listed(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more
