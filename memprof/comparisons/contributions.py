"""The difference between two reports by kind of operator and by stage, in parts that sum exactly to it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from memprof.comparisons import stages
from memprof.report.digest import Digest
from memprof.report.groups import Group, group_rows
from memprof.report.record import Report

_Cells = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What the operators of one kind in one stage take in the model and in the one it is held against, in seconds.

    `difference_seconds` is the first less the second: positive where the model takes longer.
    """

    kind: str
    stage: str
    seconds: float
    against_seconds: float
    difference_seconds: float


@dataclass(frozen=True, slots=True)
class Part:
    """The contributions of one kind, or of one stage, summed; `bound` is what sets most of each model's time there.

    A bound is "" where the model has no such operator.
    """

    name: str
    seconds: float
    against_seconds: float
    difference_seconds: float
    bound: str
    against_bound: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Two steps and the difference between them, in seconds, as sums of parts.

    `contributions` and `kinds` come largest difference first, `stages` in the order of a step. Each of the three sums
    exactly to `seconds`, `against_seconds` and `difference_seconds`, in whatever order they are added.
    """

    seconds: float
    against_seconds: float
    difference_seconds: float
    kinds: tuple[Part, ...]
    stages: tuple[Part, ...]
    contributions: tuple[Contribution, ...]


def split(ours: Digest, theirs: Digest) -> Difference:
    """Split the difference between two reports by kind and stage.

    Times are rounded to the last digit of the longer step, 1 part in 2^53 of it, so that floating-point sums of them
    are exact.
    """
    quantum = math.ulp(max(ours.totals.seconds, theirs.totals.seconds))
    cells, other_cells = _cells(ours.report, quantum), _cells(theirs.report, quantum)
    contributions = _contributions(cells, other_cells)
    kinds = _parts(contributions, lambda item: item.kind, ours.kinds, theirs.kinds)
    by_stage = _parts(contributions, lambda item: item.stage, _stage_groups(ours), _stage_groups(theirs))
    order = stages.sort_stages(part.name for part in by_stage)
    return Difference(
        seconds=math.fsum(cells.values()),
        against_seconds=math.fsum(other_cells.values()),
        difference_seconds=math.fsum(item.difference_seconds for item in contributions),
        kinds=kinds,
        stages=tuple(sorted(by_stage, key=lambda part: order.index(part.name))),
        contributions=contributions,
    )


def _cells(report: Report, quantum: float) -> _Cells:
    """Return the seconds of every kind in every stage in whole multiples of `quantum`; they sum to the step's."""
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row, stage in zip(report.operators, stages.stages(report), strict=True):
        seconds[row.kind, stage].append(row.seconds)
    counts = {key: round(math.fsum(times) / quantum) for key, times in seconds.items()}
    if counts:  # the report's own sum was rounded at every addition
        largest = max(counts, key=counts.__getitem__)
        counts[largest] += round(report.totals.seconds / quantum) - sum(counts.values())
    return {key: count * quantum for key, count in counts.items()}


def _contributions(cells: _Cells, other_cells: _Cells) -> tuple[Contribution, ...]:
    pairs = {key: (cells.get(key, 0.0), other_cells.get(key, 0.0)) for key in {**cells, **other_cells}}
    contributions = [Contribution(*key, ours, theirs, ours - theirs) for key, (ours, theirs) in pairs.items()]
    return tuple(sorted(contributions, key=lambda item: (-abs(item.difference_seconds), item.kind, item.stage)))


def _parts(
    contributions: Sequence[Contribution],
    key: Callable[[Contribution], str],
    groups: Iterable[Group],
    other_groups: Iterable[Group],
) -> tuple[Part, ...]:
    bounds = {group.name: group.bound for group in groups}
    other_bounds = {group.name: group.bound for group in other_groups}
    members: dict[str, list[Contribution]] = defaultdict(list)
    for item in contributions:
        members[key(item)].append(item)
    parts = [
        Part(
            name,
            math.fsum(item.seconds for item in items),
            math.fsum(item.against_seconds for item in items),
            math.fsum(item.difference_seconds for item in items),
            bounds.get(name, ""),
            other_bounds.get(name, ""),
        )
        for name, items in members.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-abs(part.difference_seconds), part.name)))


def _stage_groups(digest: Digest) -> tuple[Group, ...]:
    rows = digest.report.operators
    names = dict(zip(map(id, rows), stages.stages(digest.report), strict=True))
    return group_rows(rows, lambda row: names[id(row)], digest.wholes)
