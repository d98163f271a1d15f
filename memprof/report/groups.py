"""Operators that belong together, summed: what findings and writers are made of.

Shares of time are of the measured time where the report holds what was measured, otherwise of the predicted time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from memprof.report.record import OperatorRow
from memprof.vocabulary import DRAM, L1, L2, Phase

_FEWEST_MODULES = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Operators that belong together, summed.

    `seconds` is predicted, `roofline_seconds` the least that the ceilings allow, `measured_seconds` what was measured,
    None in a report that holds no measurement. Of these, `roofed_seconds` belong to rows that a ceiling bounds.
    `flops_share` and `time_share` are fractions of the FLOPs and of `time_seconds` of all operators of the report.
    `kind`, `bound` and `engine` are those that take most of that time. `rows` are the operators themselves, in the
    report's order.
    """

    name: str
    rows: tuple[OperatorRow, ...]
    calls: int
    flops: float
    dram_bytes: float
    l2_bytes: float
    l1_bytes: float
    launches: int
    seconds: float
    roofline_seconds: float
    flops_share: float
    time_share: float
    kind: str
    bound: str
    engine: str
    measured_seconds: float | None = None
    roofed_seconds: float = 0.0

    @property
    def time_seconds(self) -> float:
        """Return the time that shares are of: measured where something was, otherwise predicted."""
        return self.seconds if self.measured_seconds is None else self.measured_seconds

    @property
    def roof_share(self) -> float | None:
        """Return what of its roof was reached, least over measured time; None where no ceiling or no time is known."""
        return self.roofline_seconds / self.roofed_seconds if self.roofline_seconds and self.roofed_seconds else None

    @property
    def lost_seconds(self) -> float | None:
        """Return measured minus least time, negative above a roof; None where no ceiling bounds any of it."""
        return None if self.roof_share is None else self.roofed_seconds - self.roofline_seconds

    @property
    def losable_seconds(self) -> float:
        """Return the time that may have been lost: of rows that no ceiling bounds, all of it."""
        return self.time_seconds - self.roofline_seconds

    @property
    def is_above_roof(self) -> bool:
        """Return whether the group is faster than its ceilings allow."""
        return (self.roof_share or 0.0) > ABOVE_ROOF

    def bytes_at(self, level: str) -> float:
        """Return the bytes that cross the memory level `level`: "dram", "l2" or "l1"."""
        return {DRAM: self.dram_bytes, L2: self.l2_bytes, L1: self.l1_bytes}[level]

    def intensity(self, level: str) -> float | None:
        """Return FLOP per byte that crosses `level`, None where no byte does."""
        moved = self.bytes_at(level)
        return self.flops / moved if moved else None

    def row_seconds(self, row: OperatorRow) -> float:
        """Return the time that one of the rows took: measured where something was, otherwise predicted."""
        return seconds_of(row, is_measured=self.measured_seconds is not None)

    @property
    def seconds_at_bound(self) -> float:
        """Return the time of those rows whose bound is the group's."""
        return sum(self.row_seconds(row) for row in self.rows if row.bound == self.bound)

    @property
    def achieved_flops_per_second(self) -> float:
        """Return the rate of arithmetic in `time_seconds`: measured, or else predicted; 0 where there are none."""
        return share(self.flops, self.time_seconds)

    @property
    def achieved_bytes_per_second(self) -> float:
        """Return the rate of DRAM traffic, as modelled, in `time_seconds`; 0 where there is none."""
        return share(self.dram_bytes, self.time_seconds)

    @property
    def attainable_flops_per_second(self) -> float:
        """Return the rate of arithmetic that the ceilings allow: FLOPs over least seconds, 0 where there are none."""
        return share(self.flops, self.roofline_seconds)


ABOVE_ROOF = 1.005
"""What of its roof an operator must reach to be told as one above it: less is rounding."""


@dataclass(frozen=True, slots=True)
class Wholes:
    """The sums of which shares are fractions: FLOPs and seconds of all operators, and whether these were measured."""

    flops: float
    seconds: float
    is_measured: bool

    @classmethod
    def of(cls, rows: Sequence[OperatorRow], *, is_measured: bool) -> Wholes:
        """Sum all operators of a report."""
        flops, seconds = sum(row.flops for row in rows), sum(seconds_of(row, is_measured=is_measured) for row in rows)
        return cls(flops, seconds, is_measured)


def share(part: float, whole: float) -> float:
    """Return `part / whole`, and 0 where there is no whole."""
    return part / whole if whole else 0.0


def seconds_of(row: OperatorRow, *, is_measured: bool) -> float:
    """Return the measured or the predicted seconds of an operator; 0 where it was not measured."""
    return (row.measured_seconds or 0.0) if is_measured else row.seconds


def sum_rows(name: str, rows: Sequence[OperatorRow], wholes: Wholes) -> Group:
    """Sum `rows` into one group, whose shares are fractions of `wholes`."""
    measured = wholes.is_measured
    flops, times = sum(row.flops for row in rows), [seconds_of(row, is_measured=measured) for row in rows]
    seconds = sum(times)
    return Group(
        name=name,
        rows=tuple(rows),
        calls=sum(row.calls for row in rows),
        flops=flops,
        dram_bytes=sum(row.dram_bytes for row in rows),
        l2_bytes=sum(row.l2_bytes for row in rows),
        l1_bytes=sum(row.l1_bytes for row in rows),
        launches=sum(row.launches for row in rows),
        seconds=sum(row.seconds for row in rows),
        roofline_seconds=sum(row.roofline_seconds for row in rows),
        flops_share=share(flops, wholes.flops),
        time_share=share(seconds, wholes.seconds),
        kind=_longest((row.kind for row in rows), times),
        bound=_longest((row.bound for row in rows), times),
        engine=_longest((row.engine for row in rows), times),
        measured_seconds=seconds if measured else None,
        roofed_seconds=sum(row.measured_seconds or 0.0 for row in rows if row.roofline_seconds) if measured else 0.0,
    )


def group_rows(
    rows: Iterable[OperatorRow], key: Callable[[OperatorRow], Hashable], wholes: Wholes
) -> tuple[Group, ...]:
    """Group operators by `key`, longest time first; a group is named by its key."""
    members: dict[Hashable, list[OperatorRow]] = defaultdict(list)
    for row in rows:
        members[key(row)].append(row)
    groups = [sum_rows(str(name), own, wholes) for name, own in members.items()]
    return tuple(sorted(groups, key=lambda group: (-group.time_seconds, -group.flops, group.name)))


def like_key(row: OperatorRow) -> Hashable:
    """Return what is equal in calls that differ only in the numbers of their module path: the blocks of a stage."""
    path = tuple("*" if part.isdecimal() else part for part in row.module.split("."))
    return row.name, row.kind, row.phase, path, row.input_shapes, row.dtype, row.engine


def module_at(row: OperatorRow, depth: int) -> str:
    """Return the first `depth` parts of the row's module path; "(model)" for the model itself."""
    if not row.module:
        return "(optimizer)" if row.phase == Phase.OPTIMIZER else "(model)"
    return ".".join(row.module.split(".")[:depth])


def module_depth(rows: Sequence[OperatorRow], wholes: Wholes) -> int:
    """Return the least depth of module paths at which no module takes most of the time, or the deepest there is."""
    deepest = max((row.module.count(".") + 1 for row in rows), default=1)
    for depth in range(1, deepest):
        seconds: dict[str, float] = defaultdict(float)
        for row in rows:
            seconds[module_at(row, depth)] += seconds_of(row, is_measured=wholes.is_measured)
        if len(seconds) >= _FEWEST_MODULES and share(max(seconds.values()), wholes.seconds) <= 0.5:
            return depth
    return deepest


def module_pattern(rows: Iterable[OperatorRow]) -> str:
    """Return the module path that `rows` share, with "*" for the parts in which they differ."""
    paths = sorted({row.module for row in rows})
    split = [path.split(".") for path in paths]
    if len({len(parts) for parts in split}) != 1:
        return f"{len(paths)} modules"
    return ".".join(parts[0] if len(set(parts)) == 1 else "*" for parts in zip(*split, strict=True))


def _longest(names: Iterable[str], times: Sequence[float]) -> str:
    seconds: dict[str, float] = defaultdict(float)
    for name, time in zip(names, times, strict=True):
        seconds[name] += time
    return max(seconds, key=seconds.__getitem__, default="")
