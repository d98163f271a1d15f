"""What changed between two traces: a step's time by operator and by module, in rows that sum exactly to it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from memprof import units, words
from memprof.comparisons.alignment import family
from memprof.errors import ReportError
from memprof.report.digest import Digest, digest
from memprof.report.groups import module_at, module_depth
from memprof.report.json_text import indented_json
from memprof.report.labels import differences
from memprof.report.record import Report, Workload
from memprof.report.run import Measured

SCHEMA = "memprof.trace-difference/1"
WAITING, IDLE = "idle, waiting for launches", "otherwise idle"
OVERLAP = "overlap, counted once"
OUTSIDE = "outside operators"
NO_OPERATOR = "(no operator)"
_ROUNDING = 1e-9
"""Part of a step below which what is left over comes from adding floating-point numbers."""
_MOST_NAMED = 3
_WORTH_SAYING = 0.005
"""Least part of the longer step that a difference must be to be named in a sentence."""

_Key: TypeAlias = tuple[str, str]
_Cells: TypeAlias = dict[_Key, tuple[float, float]]
"""Seconds and calls of a step by name and phase."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the traces: `seconds` of a step from start to end, those of its operators, and idle ones.

    Operators' times are sums, so that overlap counts each time. `idle_seconds` is None where no device was recorded.
    """

    label: str
    workload: Workload
    origin: tuple[str, ...]
    device_name: str
    device_title: str
    steps: int
    steps_from: str
    seconds: float
    operator_seconds: float
    idle_seconds: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """What has one name in both traces: calls and seconds of a step, each None on a side that lacks it.

    `phase` is that of an operator, "" elsewhere. `is_beside` tells what no operator took: idle time, what kernels of
    no operator took, and less what overlaps.
    """

    name: str
    phase: str
    is_beside: bool
    calls: float | None
    against_calls: float | None
    seconds: float | None
    against_seconds: float | None
    difference_seconds: float


@dataclass(frozen=True, slots=True)
class TraceDifference:
    """Two traces and the difference between their steps; positive where the first takes longer.

    `operators` and `modules` come largest difference first, what is beside operators last. Each sums exactly to the
    seconds of both sides and to `difference_seconds`, in whatever order they are added.
    """

    schema: str
    first: Side
    second: Side
    difference_seconds: float
    operators: tuple[Change, ...]
    modules: tuple[Change, ...]
    sentences: tuple[str, ...]

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def compare_traces(report: Report, against: Report) -> TraceDifference:
    """Split the difference between the steps of two traces; ReportError where one holds nothing measured.

    Times are rounded to the last digit of the longer step, 1 part in 2^53 of it, so that floating-point sums of them
    are exact.
    """
    both = digest(report), digest(against)
    quantum = math.ulp(max(item.step_seconds for item in both))
    depth = max(module_depth(item.report.operators, item.wholes) for item in both)
    ran = [_of_operators(item) for item in both]
    below = [_of_modules(item, depth) for item in both]
    strays = [_of_strays(item) for item in both]
    totals = [round(item.step_seconds / quantum) for item in both]
    first, second = map(_side, both, _labels(both), [total * quantum for total in totals])
    operators = _changes(ran, list(map(_beside, both, strays)), totals, quantum)
    modules = _changes(below, list(map(_beside, both, map(_together, strays))), totals, quantum)
    return TraceDifference(
        schema=SCHEMA,
        first=first,
        second=second,
        difference_seconds=(totals[0] - totals[1]) * quantum,
        operators=operators,
        modules=modules,
        sentences=_sentences(first, second, operators, differences([report, against])),
    )


def _measured(side: Digest) -> Measured:
    measured = side.report.measured
    if measured is None:
        raise ReportError(f"the report of {side.label} holds no measured time", "give a trace")
    return measured


def _labels(both: Sequence[Digest]) -> list[str]:
    names = [item.report.workload.model for item in both]
    return names if names[0] != names[1] else [f"{name} ({place})" for place, name in enumerate(names, start=1)]


def _side(side: Digest, label: str, seconds: float) -> Side:
    measured = _measured(side)
    return Side(
        label=label,
        workload=side.report.workload,
        origin=measured.origin,
        device_name=measured.device_name,
        device_title=side.device.title,
        steps=side.steps,
        steps_from=measured.steps_from,
        seconds=seconds,
        operator_seconds=side.whole.time_seconds / side.steps,
        idle_seconds=side.device_time.idle_seconds / side.steps if side.device_time else None,
    )


def _of_operators(side: Digest) -> _Cells:
    named = (((family(row.name), row.phase), row) for row in side.report.operators)
    return _sum(((key, row.measured_seconds or 0.0, row.calls) for key, row in named), side.steps)


def _of_modules(side: Digest, depth: int) -> _Cells:
    named = (((module_at(row, depth), ""), row) for row in side.report.operators)
    return _sum(((key, row.measured_seconds or 0.0, row.calls) for key, row in named), side.steps)


def _of_strays(side: Digest) -> _Cells:
    """Return what no operator launched, by kernel; of a CPU nothing, where that is all the rest."""
    strays = _measured(side).strays if side.device_time else ()
    return _sum((((words.kernel(item.name), NO_OPERATOR), item.seconds, item.calls) for item in strays), side.steps)


def _together(cells: _Cells) -> _Cells:
    return _sum((((NO_OPERATOR, ""), *cell) for cell in cells.values()), 1)


def _sum(items: Iterable[tuple[_Key, float, float]], steps: int) -> _Cells:
    """Sum seconds and calls by key, and share them out among the steps."""
    seconds: dict[_Key, list[float]] = defaultdict(list)
    calls: dict[_Key, float] = defaultdict(float)
    for key, time, count in items:
        seconds[key].append(time)
        calls[key] += count
    return {key: (math.fsum(times) / steps, calls[key] / steps) for key, times in seconds.items()}


def _beside(side: Digest, strays: _Cells) -> _Cells:
    """Return what of a step no operator took; what is left over is added once all are whole numbers."""
    if side.device_time is None:
        return strays
    idle = dict(side.device_time.parts)
    parts = (WAITING, idle["waiting for launches"]), (IDLE, idle["otherwise idle"])
    return strays | {(name, ""): (seconds / side.steps, 0.0) for name, seconds in parts}


def _changes(
    cells: Sequence[_Cells], beside: Sequence[_Cells], totals: Sequence[int], quantum: float
) -> tuple[Change, ...]:
    """Return a change for each key, in whole multiples of `quantum`: what is left of a total is a row of its own."""
    counts = [
        {key: round(seconds / quantum) for key, (seconds, _) in (own | more).items()}
        for own, more in zip(cells, beside, strict=True)
    ]
    rest = OVERLAP if any((IDLE, "") in more for more in beside) else OUTSIDE, ""
    for own, total in zip(counts, totals, strict=True):
        left = total - sum(own.values())
        is_rounding = bool(own) and abs(left) < _ROUNDING * total
        key = max(own, key=own.__getitem__) if is_rounding else rest
        own[key] = own.get(key, 0) + left
    keys = dict.fromkeys(key for own in counts for key in own)
    changes = [_change(key, cells, beside, counts, quantum) for key in keys]
    shown = [item for item in changes if item.seconds or item.against_seconds]
    return tuple(sorted(shown, key=lambda item: (item.is_beside, -abs(item.difference_seconds), item.name)))


def _change(
    key: _Key, cells: Sequence[_Cells], beside: Sequence[_Cells], counts: Sequence[dict[_Key, int]], quantum: float
) -> Change:
    ours, theirs = (own.get(key) for own in counts)
    calls = [own.get(key, more.get(key, (0.0, 0.0)))[1] or None for own, more in zip(cells, beside, strict=True)]
    return Change(
        name=key[0],
        phase=key[1],
        is_beside=not any(key in own for own in cells),
        calls=calls[0],
        against_calls=calls[1],
        seconds=None if ours is None else ours * quantum,
        against_seconds=None if theirs is None else theirs * quantum,
        difference_seconds=((ours or 0) - (theirs or 0)) * quantum,
    )


def _sentences(first: Side, second: Side, operators: Sequence[Change], differing: Sequence[str]) -> tuple[str, ...]:
    least = _WORTH_SAYING * max(first.seconds, second.seconds)
    sentences = [_headline(first, second, least), *_device(first, second)]
    both = [item for item in operators if item.seconds and item.against_seconds and not item.is_beside]
    largest = [item for item in both if abs(item.difference_seconds) >= least][:_MOST_NAMED]
    if largest:
        parts = [f"{_delta(item.difference_seconds)} in {_name(item)}" for item in largest]
        sentences.append(f"Of what both ran, most changed: {words.enumerate_words(parts)}.")
    for side, name in ((first, "seconds"), (second, "against_seconds")):
        alone = [item for item in operators if item not in both and not item.is_beside and getattr(item, name)]
        sentences += _alone(side, [(getattr(item, name), _name(item)) for item in alone], least)
    if differing:
        named = words.enumerate_words([name.replace("_", " ") for name in differing])
        sentences.append(f"The traces differ in {named}: not all of the difference is the code's.")
    return tuple(sentences)


def _headline(first: Side, second: Side, least: float) -> str:
    times = f"{first.label} took {units.seconds(first.seconds)} a step, {second.label} {units.seconds(second.seconds)}"
    gap = first.seconds - second.seconds
    if abs(gap) < least or not second.seconds:
        return f"{times}."
    return f"{times}: {_delta(gap)}, {units.ratio(first.seconds / second.seconds)} the time."


def _device(first: Side, second: Side) -> list[str]:
    """Say how operators' time and idle time changed."""
    parts = [f"operators took {units.seconds(first.operator_seconds)} against {units.seconds(second.operator_seconds)}"]
    if first.idle_seconds is not None and second.idle_seconds is not None:
        idle = f"{units.seconds(first.idle_seconds)} against {units.seconds(second.idle_seconds)}"
        parts.append(f"the device was idle for {idle}")
    return [f"A step's {'; '.join(parts)}."]


def _alone(side: Side, items: Sequence[tuple[float, str]], least: float) -> list[str]:
    whole = math.fsum(seconds for seconds, _ in items)
    if whole < least:
        return []
    named = [name for _, name in sorted(items, reverse=True)[:_MOST_NAMED]]
    more = [f"{len(items) - len(named)} more"] if len(items) > len(named) else []
    return [f"Only {side.label} ran {words.enumerate_words([*named, *more])}: {units.seconds(whole)} a step."]


def _name(item: Change) -> str:
    return f"{words.drop_phase(item.name)} ({item.phase})" if item.phase else item.name


def _delta(seconds: float) -> str:
    return f"{units.seconds(abs(seconds))} {'more' if seconds > 0 else 'less'}"
