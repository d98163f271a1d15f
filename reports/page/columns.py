"""The columns of the page's table of operators: of each its header, its meaning, its text, and what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof import units
from memprof.report.digest import Digest
from memprof.report.groups import Group
from memprof.reports.parts import cells

_NARROW = ("time", "share", "bound")
"""What a phone shows beside an operator's name."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers; a `main` one is shown at once, the others when a reader asks for all.

    `field` names it in a file, where its values are in base units; `text` and `value` take a group and its report. With
    `bar` a bar of the share of the time goes with it.
    """

    key: str
    field: str
    header: str
    meaning: str
    text: Callable[[Group, Digest], str]
    value: Callable[[Group, Digest], float]
    main: bool = True
    bar: bool = False
    is_number: bool = True

    @property
    def classes(self) -> str:
        """Return the classes of its cells: numbers, what waits for a reader to ask for it, what phones leave out."""
        names = {"n": self.is_number, "more": not self.main, "wide": self.key not in _NARROW}
        return " ".join(name for name, is_so in names.items() if is_so)


def columns(digests: Sequence[Digest]) -> tuple[Column, ...]:
    """Return the columns for these reports: those of measurements only where something was measured."""
    if any(digest.is_measured for digest in digests):
        predicts = any(digest.predicts for digest in digests)
        return (*(column for column in _MEASURED if predicts or column.key != "predicted"), *_WORK)
    time = digests[0].time.name if digests else ""
    return (*_times(time), *_WORK)


def meanings() -> tuple[tuple[str, str], ...]:
    """Return the header of every column with what it means."""
    return tuple((column.header, column.meaning) for column in (*_times("time"), *_MEASURED[2:], *_WORK))


def first(shown: Sequence[Column]) -> str:
    """Return the key of the column that the table is sorted by at first: the time lost, or else the time."""
    keys = [column.key for column in shown]
    return "lost" if "lost" in keys else "time"


_SHARE = Column(
    "share",
    "time_share",
    "time",
    "Share of the time of all operators.",
    lambda group, _: units.share(group.time_share),
    lambda group, _: group.time_share,
    bar=True,
)
_LEAST = Column(
    "least",
    "roofline_seconds",
    "least ms",
    "The least time that the device's ceilings allow.",
    lambda group, _: cells.least_milliseconds(group),
    lambda group, _: group.roofline_seconds,
)
_BOUND = Column(
    "bound",
    "bound",
    "bound by",
    "What sets the time of the row for longest, and a second one where it does so for a fifth of the time or more.",
    lambda group, digest: cells.bounds(group, digest.device.family),
    lambda group, _: group.time_seconds,
    is_number=False,
)


def _times(name: str) -> tuple[Column, ...]:
    time = Column(
        "time",
        "seconds",
        "ms",
        f"The {name} of all calls together, in milliseconds.",
        lambda group, _: units.milliseconds(group.time_seconds),
        lambda group, _: group.time_seconds,
    )
    return time, _SHARE, _LEAST, _BOUND


_MEASURED = (
    Column(
        "time",
        "measured_seconds",
        "measured ms",
        "What was measured of all calls together, in milliseconds.",
        lambda group, _: units.milliseconds(group.measured_seconds) if group.measured_seconds is not None else "–",
        lambda group, _: group.measured_seconds or -1.0,
    ),
    _SHARE,
    Column(
        "predicted",
        "seconds",
        "predicted ms",
        "What the time model predicts, in milliseconds: a prediction.",
        lambda group, digest: units.milliseconds(group.seconds) if group.seconds and digest.predicts else "–",
        lambda group, digest: group.seconds if digest.predicts else -1.0,
    ),
    _LEAST,
    Column(
        "roof",
        "roof_share",
        "of roof",
        "Least over measured time. Above 100 % it is faster than its roof allows (‡), which is a finding to explain.",
        lambda group, _: cells.roof_share(group),
        lambda group, _: group.roof_share or -1.0,
    ),
    Column(
        "lost",
        "lost_seconds",
        "lost ms",
        "Measured less least time; all of it where no known ceiling bounds the operator (–).",
        lambda group, _: cells.lost_milliseconds(group),
        lambda group, digest: group.losable_seconds if digest.is_measured else -1.0,
    ),
    _BOUND,
)
_WORK = (
    Column(
        "calls",
        "calls",
        "calls",
        "Calls that this row stands for.",
        lambda g, _: units.count(g.calls),
        lambda g, _: g.calls,
    ),
    Column(
        "flops",
        "flops",
        "GFLOP",
        "Floating-point operations, 10^9; a multiply-add counts as two.",
        lambda group, _: units.gigaflops(group.flops),
        lambda group, _: group.flops,
    ),
    Column(
        "dram",
        "dram_bytes",
        "DRAM GB",
        "Bytes read and written in the device's memory, 10^9.",
        lambda group, _: units.gigabytes(group.dram_bytes),
        lambda group, _: group.dram_bytes,
    ),
    Column(
        "l2",
        "l2_bytes",
        "L2 GB",
        "Bytes read and written at the L2 cache, 10^9.",
        lambda group, _: units.gigabytes(group.l2_bytes),
        lambda group, _: group.l2_bytes,
        main=False,
    ),
    Column(
        "l1",
        "l1_bytes",
        "L1 GB",
        "Bytes read and written at the L1 caches, 10^9.",
        lambda group, _: units.gigabytes(group.l1_bytes),
        lambda group, _: group.l1_bytes,
        main=False,
    ),
    Column(
        "intensity",
        "flop_per_dram_byte",
        "FLOP per DRAM byte",
        "Arithmetic intensity: how much is computed for each byte that DRAM moves.",
        lambda group, _: units.intensity(group.intensity("dram")),
        lambda group, _: group.intensity("dram") or 0.0,
    ),
    Column(
        "rate",
        "flops_per_second",
        "achieved FLOP/s",
        "Floating-point operations over the time that they take.",
        lambda group, _: units.flops_per_second(group.achieved_flops_per_second),
        lambda group, _: group.achieved_flops_per_second,
        main=False,
    ),
    Column(
        "attainable",
        "attainable_flops_per_second",
        "FLOP/s at most",
        "The most that the ceilings allow: floating-point operations over the least time.",
        lambda group, _: units.flops_per_second(group.attainable_flops_per_second),
        lambda group, _: group.attainable_flops_per_second,
        main=False,
    ),
    Column(
        "moved",
        "dram_bytes_per_second",
        "achieved DRAM",
        "Bytes of DRAM, as modelled, over the time that they take.",
        lambda group, _: units.bytes_per_second(group.achieved_bytes_per_second),
        lambda group, _: group.achieved_bytes_per_second,
        main=False,
    ),
    Column(
        "launches",
        "launches",
        "launches",
        "Kernels that the device runs.",
        lambda group, _: units.count(group.launches),
        lambda group, _: group.launches,
        main=False,
    ),
)
