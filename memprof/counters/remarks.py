"""What to know about a match of counters and operators before believing it, as warnings with stable codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from memprof import units
from memprof.counters.matching import COUNTED, Pool
from memprof.counters.metrics import RECORD_AGAIN
from memprof.counters.names import kernel_name
from memprof.counters.records import Counters, KernelCounters
from memprof.report.record import OperatorRow, ReportWarning
from memprof.vocabulary import MEMORY_LEVELS

_NAMED = 3
_LEVEL_WORDS = {"dram": "DRAM", "l2": "L2", "l1": "L1"}
_WHOLE_STEP = "let ncu profile every kernel of one whole step, without --kernel-name and --launch-count"


def remark(
    counters: Counters, pools: Sequence[Pool], strangers: Sequence[KernelCounters], rows: Sequence[OperatorRow]
) -> tuple[ReportWarning, ...]:
    """Return the warnings about counters that were joined with `rows`; `strangers` are runs that no operator made."""
    return (*_about_levels(counters), *_about_pools(pools), *_about_strangers(strangers), *_about_rows(rows))


def _about_levels(counters: Counters) -> Iterator[ReportWarning]:
    for level in MEMORY_LEVELS:
        if all(kernel.bytes_at(level) is None for kernel in counters.kernels):
            what = f"the counters have no bytes of {_LEVEL_WORDS[level]}"
            yield ReportWarning(f"counters-without-{level}", what, RECORD_AGAIN)


def _about_pools(pools: Sequence[Pool]) -> Iterator[ReportWarning]:
    partial = [pool for pool in pools if len(pool.runs) < pool.calls]
    if partial:
        share = units.share(sum(len(pool.runs) for pool in partial) / sum(pool.calls for pool in partial))
        names = _kernel_names(pool.runs[0] for pool in partial)
        what = f"{share} of the runs of {names} were counted; the others are taken to move as much on average"
        yield ReportWarning("counters-partial", what, _WHOLE_STEP)
    averaged = [pool.runs[0] for pool in pools if len(pool.slots) > 1 and not pool.is_whole]
    if averaged:
        names = _kernel_names(averaged)
        what = f"operators that share a kernel not counted in whole steps all get its mean: {names}"
        yield ReportWarning("counters-averaged", what, _WHOLE_STEP)


def _about_strangers(strangers: Sequence[KernelCounters]) -> Iterator[ReportWarning]:
    if strangers:
        names = _kernel_names(strangers)
        what = f"{len(strangers)} counted runs of kernels that no operator ran are left out: {names}"
        yield ReportWarning("counters-unmatched", what, "let ncu profile the steps only that the trace holds")


def _about_rows(rows: Sequence[OperatorRow]) -> Iterator[ReportWarning]:
    uncounted = [row for row in rows if _is_uncounted(row)]
    if uncounted:
        seconds = _measured_seconds(rows)
        share = units.share(_measured_seconds(uncounted) / seconds if seconds else 0.0)
        names = _shorten(row.name for row in uncounted)
        what = f"operators with {share} of the measured time have no counted bytes: {names}"
        yield ReportWarning("uncounted-operators", what, _WHOLE_STEP)


def _is_uncounted(row: OperatorRow) -> bool:
    ran = any(kernel.activity in COUNTED for kernel in row.kernels)
    counted = (row.counted_dram_bytes, row.counted_l2_bytes, row.counted_l1_bytes)
    return ran and all(amount is None for amount in counted)


def _measured_seconds(rows: Iterable[OperatorRow]) -> float:
    return sum(row.measured_seconds or 0.0 for row in rows)


def _kernel_names(kernels: Iterable[KernelCounters]) -> str:
    return _shorten(kernel_name(kernel.name).function for kernel in kernels)


def _shorten(names: Iterable[str]) -> str:
    """List different names, of many the first few."""
    different = list(dict.fromkeys(names))
    more = f" and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
    return ", ".join(different[:_NAMED]) + more
