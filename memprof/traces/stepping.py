"""Steps that no profiler marked: found where operators repeat, and where the optimizer was called."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, pairwise
from math import prod

import numpy as np

from memprof.calls import flatten_tensors
from memprof.profiles.records import Event, EventCategory
from memprof.traces.kinds import is_operator, is_update
from memprof.traces.records import TraceStep
from memprof.vocabulary import Phase, StepsFrom

_BEGINNING = 8
"""Calls by which a step is known to begin as the trace does."""
_MOST_PERIODS = 32
"""Candidates for the length of a step that are tried."""

Shape = tuple[int, ...]


class _Role(Enum):
    FORWARD = auto()
    BACKWARD = auto()
    UPDATE = auto()
    """Of the optimizer."""


@dataclass(frozen=True, slots=True)
class _Call:
    """An outermost call of one thread: an operator, a backward node, or all of an optimizer's call.

    `scope` is the outermost module or mark of a user's that it lies in, None where there is none.
    """

    event: Event
    role: _Role
    scope: Event | None

    @property
    def start_ns(self) -> int:
        return self.event.start_ns

    @property
    def shapes(self) -> list[Shape]:
        return [tensor.shape for tensor in flatten_tensors(self.event.inputs)]


@dataclass(frozen=True, slots=True)
class _Line:
    """The calls of the thread that runs forward and optimizer, and when backward nodes began on any thread."""

    calls: list[_Call]
    backward_ns: list[int]

    def begun_before(self, time_ns: int) -> int:
        """Return how many backward nodes began before a time."""
        return bisect_left(self.backward_ns, time_ns)


def find_steps(
    threads: Sequence[Sequence[Event]], start_ns: int, end_ns: int
) -> tuple[tuple[TraceStep, ...], StepsFrom]:
    """Return the whole steps in what threads called between two times, and what they are known from.

    A step is a sequence of operators, with the shapes of their inputs, that repeats on the thread that calls the
    optimizer, or most operators; what precedes the first whole step and what follows the last belong to none. Where the
    optimizer is called again and again, each step has one call of it, whether operators repeat or not. Layers of a
    network repeat too: without a backward pass, a step is known from a layer by not taking what the one before gave, or
    by lying, as all steps do, in a module or a user's mark of one name.
    No steps where there are fewer than two.
    """
    line = _line(threads)
    updates = _updates(line)
    starts = _repeated(line, updates) if len(updates) != 1 else []
    source = StepsFrom.UPDATES if updates else StepsFrom.OPERATORS
    if not starts and updates:
        starts = [0, *(place + 1 for place in updates)]
    if len(starts) <= 2:
        return (), StepsFrom.NOTHING
    calls = line.calls
    times = [calls[place].start_ns if place < len(calls) else end_ns + 1 for place in starts]
    times[0] = start_ns if starts[0] == 0 else times[0]
    steps = [TraceStep(number, f"step {number}", *ends) for number, ends in enumerate(pairwise(times), start=1)]
    return tuple(steps), source


def _line(threads: Sequence[Sequence[Event]]) -> _Line:
    lines = [list(_outermost(events)) for events in threads]
    backward = [call.start_ns for call in chain.from_iterable(lines) if call.role is _Role.BACKWARD]
    main = max(lines, key=lambda calls: sum(call.role is not _Role.BACKWARD for call in calls), default=[])
    return _Line(main, sorted(backward))


def _outermost(events: Sequence[Event], scope: Event | None = None) -> Iterator[_Call]:
    for event in events:
        if event.category is EventCategory.AUTOGRAD:
            yield _Call(event, _Role.BACKWARD, scope)
        elif event.category is EventCategory.PHASE and event.name == Phase.OPTIMIZER:
            yield _Call(event, _Role.UPDATE, scope)
        elif is_operator(event.category, event.name):
            yield _Call(event, _Role.UPDATE if is_update(event.name) else _Role.FORWARD, scope)
        else:
            yield from _outermost(event.children, scope or event)


def _updates(line: _Line) -> list[int]:
    """Return the places of the last of the optimizer's calls after each backward pass.

    They go on up to the next call that autograd follows, or up to any call where the trace shows none that it does:
    optimizers call other operators too, but not such.
    """
    tells = any(call.event.sequence_number is not None for call in line.calls if call.role is _Role.FORWARD)
    places: list[int] = []
    seen, goes_on = 0, False
    for place, call in enumerate(line.calls):
        if call.role is not _Role.UPDATE:
            goes_on = goes_on and tells and call.event.sequence_number is None
        elif goes_on:
            places[-1] = place
        elif (begun := line.begun_before(call.start_ns)) > seen:
            places.append(place)
            seen, goes_on = begun, True
    return places


def _repeated(line: _Line, updates: Sequence[int]) -> list[int]:
    """Return where repeated steps begin, and where the last one ends; nothing where no sequence of calls repeats."""
    numbers: dict[object, int] = {}
    symbols = [numbers.setdefault((call.event.name, *call.shapes), len(numbers)) for call in line.calls]
    scopes = _scopes(line.calls, symbols) if not line.backward_ns else []
    if scopes:
        return scopes
    found = _find_run(np.array(symbols, np.int64))
    if found is None:
        return []
    period, first, end = found
    beginning = symbols[: min(_BEGINNING, period)]
    places = range(first, min(first + period, end - 2 * period + 1))
    start = next((place for place in places if symbols[place : place + len(beginning)] == beginning), first)
    starts = list(range(start, end + 1, period))
    return starts if all(_is_step(line, updates, *ends) for ends in pairwise(starts)) else []


def _find_run(symbols: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[int, int, int] | None:
    """Return the period, start and end of the longest stretch that repeats, None where it is less than half of all."""
    best: tuple[int, int, int] | None = None
    for period in _candidates(symbols.tolist()):
        equal = np.concatenate(([False], symbols[period:] == symbols[:-period], [False])).astype(np.int8)
        edges = np.flatnonzero(np.diff(equal)).reshape(-1, 2)
        first, last = max(edges.tolist(), key=lambda edge: edge[1] - edge[0], default=(0, 0))
        end = last + period
        is_longer = best is None or end - first > best[2] - best[1]
        if last - first >= period and 2 * (end - first) >= len(symbols) and is_longer:
            best = period, first, end
    return best


def _candidates(symbols: Sequence[int]) -> list[int]:
    """Return distances at which calls recur, shortest first: of each call the most usual, of all those most likely."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, symbol in enumerate(symbols):
        places[symbol].append(place)
    weights: Counter[int] = Counter()
    for own in places.values():
        distances = Counter(after - before for after, before in pairwise(reversed(own)))
        for distance, _ in distances.most_common(1):
            weights[distance] += distance  # those within a step are many, but short
    return sorted(distance for distance, _ in weights.most_common(_MOST_PERIODS))


def _is_step(line: _Line, updates: Sequence[int], start: int, end: int) -> bool:
    """Tell a step from a part of one that repeats within it: a layer, or an update of a parameter."""
    if not line.backward_ns:
        return not _goes_on(line.calls[start:end])
    after = line.calls[end].start_ns if end < len(line.calls) else line.backward_ns[-1] + 1
    has_backward = line.begun_before(after) > line.begun_before(line.calls[start].start_ns)
    return has_backward and (not updates or bisect_left(updates, end) - bisect_left(updates, start) == 1)


def _scopes(calls: Sequence[_Call], symbols: Sequence[int]) -> list[int]:
    """Return where scopes of one name begin, and the last ends, where all calls lie in them and repeat in each."""
    places = [place for place, call in enumerate(calls) if place == 0 or call.scope is not calls[place - 1].scope]
    ends = [*places, len(calls)]
    names = {call.scope.name if call.scope else None for call in calls}
    parts = {tuple(symbols[start:end]) for start, end in pairwise(ends)}
    return ends if len(names) == len(parts) == 1 and None not in names else []


def _goes_on(calls: Sequence[_Call]) -> bool:
    """Tell whether the calls may take what equal calls before them gave, as layers do; true where no shape tells.

    What the last call gives is as large as one of its inputs, or as one whose last dimension a matrix changes.
    """
    shaped = [call.shapes for call in calls if call.shapes]
    if not shaped:
        return True
    first, last = shaped[0][0], shaped[-1]
    sides = {side for shape in last if len(shape) == 2 for side in shape}
    given = {prod(shape) for shape in last} | {prod(shape[:-1]) * side for shape in last for side in sides}
    return prod(first) in given
