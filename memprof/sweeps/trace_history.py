"""What a set of traces says over time: which stand out from others of the same workload, and when that changed.

Traces of one workload on one device are compared by their seconds a step. A change is the point that splits them, in
order of time, so that they lie closest to the medians of the two sides, where ranks on both sides differ more than
chance explains (Mann and Whitney 1947, normal approximation, at 1 % for all points of all workloads together). What
lies far from the median of its side, against the median of such distances, is an outlier.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memprof.sweeps.answers import ask
from memprof.sweeps.trace_rows import KIND_COLUMNS

_PARTS = {
    **{name: str(kind) for kind, name in KIND_COLUMNS.items()},
    "stray_seconds": "what no known operator launched",
    "idle_seconds": "idling",
}
"""Columns that say where a step's time goes, in words."""
_SQL = f"""
SELECT file, recorded, device, workload, phase, precision, batch_size, rank, seconds, predicted_seconds, failed_because,
    {", ".join(name for name in _PARTS if name != "idle_seconds")}, seconds - busy_seconds AS idle_seconds
FROM results
QUALIFY row_number() OVER (PARTITION BY file ORDER BY modified DESC) = 1
ORDER BY recorded, file
"""
_LEAST_FOR_OUTLIERS, _LEAST_OF_A_SIDE = 5, 4
_FAR = 4.0
"""Times the usual distance from the median, which for a normal distribution one in 16,000 exceeds."""
_MAD_OF_A_NORMAL = 1.4826
_LEAST_DISTANCE, _LEAST_CHANGE = 0.01, 0.02
"""As a fraction of the median: distances that are usual at least, and changes that matter."""
_CHANCE = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Workload:
    """Traces whose steps run the same operators on the same shapes, on one device.

    `median_seconds` are of a step, `predicted_seconds` the median of its operators'.
    """

    workload: str
    device: str
    phase: str
    precision: str
    batch_size: int | None
    traces: int
    median_seconds: float
    least_seconds: float
    most_seconds: float
    predicted_seconds: float | None


@dataclass(frozen=True, slots=True)
class Outlier:
    """A trace that stands out from its neighbours in time; `because` is what took most of the difference."""

    file: str
    workload: str
    device: str
    seconds: float
    usual_seconds: float
    because: str


@dataclass(frozen=True, slots=True)
class Change:
    """From the trace `file` on, recorded at `since` (seconds since 1970), a workload takes another time."""

    workload: str
    device: str
    file: str
    since: float
    before: int
    after: int
    before_seconds: float
    after_seconds: float
    because: str


@dataclass(frozen=True, slots=True)
class TraceHistory:
    """What a set of traces says; the longest first. `unread` are files with why they gave nothing."""

    traces: int
    workloads: tuple[Workload, ...]
    changes: tuple[Change, ...]
    outliers: tuple[Outlier, ...]
    unread: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """The traces of a workload in order of time: rows of the set, and their seconds a step."""

    rows: Sequence[dict[str, Any]]
    seconds: Floats

    def __getitem__(self, part: slice) -> _Series:
        return _Series(self.rows[part], self.seconds[part])

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def first(self) -> dict[str, Any]:
        return self.rows[0]

    def reason(self, others: _Series) -> str:
        """Return what of a step differs most from others, and by how much of their time."""
        parts = {
            name: float(np.median(own) - np.median(theirs))
            for name in _PARTS
            if (own := _known(self.rows, name)) and (theirs := _known(others.rows, name))
        }
        if not parts:
            return ""
        largest = max(parts, key=lambda name: abs(parts[name]))
        return f"{_PARTS[largest]} {parts[largest] / others.median:+.0%} of a step"


def _known(rows: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]


def history(path: Path) -> TraceHistory:
    """Return what the set of traces in a folder says; SweepError where there is none."""
    answer = ask(path, _SQL)
    rows = [dict(zip(answer.columns, values, strict=True)) for values in answer.rows]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["seconds"] is not None and row["workload"] is not None:
            key = row["device"], row["workload"], row["phase"], row["precision"], row["batch_size"]
            groups[key].append(row)
    series = [_Series(found, np.array([row["seconds"] for row in found])) for found in groups.values()]
    series.sort(key=lambda one: (-len(one.rows) * one.median, one.first["file"]))
    changes: list[Change] = []
    outliers: list[Outlier] = []
    points = sum(len(one.rows) for one in series)
    for one in series:
        ends = sorted(_changes(one, 0, len(one.rows), _CHANCE / max(1, points)))
        stretches = [one[start:end] for start, end in zip([0, *ends], [*ends, len(one.rows)], strict=True)]
        changes += [_change(*pair) for pair in pairwise(stretches)]
        outliers += [found for stretch in stretches for found in _outliers(stretch)]
    return TraceHistory(
        traces=len(rows),
        workloads=tuple(map(_workload, series)),
        changes=tuple(changes),
        outliers=tuple(sorted(outliers, key=lambda found: -abs(math.log(found.seconds / found.usual_seconds)))),
        unread=tuple((row["file"], row["failed_because"]) for row in rows if row["failed_because"] is not None),
    )


def _workload(series: _Series) -> Workload:
    first, predicted = series.first, _known(series.rows, "predicted_seconds")
    return Workload(
        workload=first["workload"],
        device=first["device"],
        phase=first["phase"],
        precision=first["precision"],
        batch_size=first["batch_size"],
        traces=len(series.rows),
        median_seconds=series.median,
        least_seconds=float(series.seconds.min()),
        most_seconds=float(series.seconds.max()),
        predicted_seconds=float(np.median(predicted)) if predicted else None,
    )


def _changes(series: _Series, start: int, end: int, chance: float) -> Iterator[int]:
    """Yield the places from which a part of a series takes another time."""
    seconds = series.seconds[start:end]
    places = range(_LEAST_OF_A_SIDE, len(seconds) - _LEAST_OF_A_SIDE + 1)
    if not places:
        return
    place = min(places, key=lambda at: _distance(seconds[:at]) + _distance(seconds[at:]))
    before, after = seconds[:place], seconds[place:]
    ratio = float(np.median(after) / np.median(before)) if np.median(before) else 1.0
    if abs(ratio - 1) < _LEAST_CHANGE or _probability(before, after) > chance:
        return
    yield start + place
    yield from _changes(series, start, start + place, chance)
    yield from _changes(series, start + place, end, chance)


def _distance(seconds: Floats) -> float:
    return float(np.abs(seconds - np.median(seconds)).sum())


def _probability(one: Floats, other: Floats) -> float:
    """Return how probable ranks are that differ as these do or more, where nothing changed."""
    wins = float((other[:, None] > one).sum() + 0.5 * (other[:, None] == one).sum())
    pairs, count = len(one) * len(other), len(one) + len(other)
    deviation = math.sqrt(pairs * (count + 1) / 12)
    return math.erfc(max(0.0, abs(wins - pairs / 2) - 0.5) / deviation / math.sqrt(2))


def _change(before: _Series, after: _Series) -> Change:
    first = after.first
    return Change(
        workload=first["workload"],
        device=first["device"],
        file=first["file"],
        since=first["recorded"],
        before=len(before.rows),
        after=len(after.rows),
        before_seconds=before.median,
        after_seconds=after.median,
        because=after.reason(before),
    )


def _outliers(series: _Series) -> Iterator[Outlier]:
    if len(series.rows) < _LEAST_FOR_OUTLIERS:
        return
    distances = np.abs(series.seconds - series.median)
    usual = max(_MAD_OF_A_NORMAL * float(np.median(distances)), _LEAST_DISTANCE * series.median)
    for place in map(int, np.flatnonzero(distances > _FAR * usual)):
        row = series.rows[place]
        yield Outlier(
            file=row["file"],
            workload=row["workload"],
            device=row["device"],
            seconds=row["seconds"],
            usual_seconds=series.median,
            because=series[place : place + 1].reason(series),
        )
