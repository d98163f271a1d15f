"""The tables of a difference between traces as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from memprof import words
from memprof.comparisons.changes import Change, Side, TraceDifference
from memprof.report.labels import describe
from memprof.reports.parts.eliding import elide_middle
from memprof.reports.parts.signed import decimals_for, signed
from memprof.reports.parts.tables import Column, Table

_ABSENT = "–"


def title(difference: TraceDifference) -> str:
    """Name the traces."""
    return f"{difference.first.label} against {difference.second.label}"


def origins(difference: TraceDifference) -> tuple[str, ...]:
    """Say of each trace what ran on which device, and how its steps are known."""
    return tuple(_origin(side) for side in (difference.first, difference.second))


def sign_note(difference: TraceDifference) -> str:
    """Say how to read the signs and the sums."""
    first, second = difference.first.label, difference.second.label
    return (
        f"Milliseconds a step, measured. Plus: {first} takes longer; minus: {second}. "
        f"{_ABSENT}: not in that trace. The differences sum exactly to the total."
    )


def sorts(difference: TraceDifference) -> tuple[tuple[str, tuple[Change, ...]], ...]:
    """Return what the changes are told by, and the changes: by module only where there are several."""
    several = sum(not item.is_beside for item in difference.modules) > 1
    modules = (("Module", difference.modules),) if several else ()
    return (("Operator", difference.operators), *modules)


def shown(changes: Sequence[Change], top: int) -> tuple[Change, ...]:
    """Return the `top` largest changes of operators or modules and all that are beside them."""
    own = [item for item in changes if not item.is_beside]
    beside = [item for item in changes if item.is_beside]
    return (*own[:top], *beside[:top])


def changes(difference: TraceDifference, name: str, every: Sequence[Change], top: int, longest: int = 40) -> Table:
    """Return a table of changes, the `top` largest of each sort and the others together, with the total."""
    chosen = shown(every, top)
    others = [item for item in every if item not in chosen]
    digits = decimals_for(max(difference.first.seconds, difference.second.seconds))
    rows = [_row(item, digits, longest) for item in chosen]
    if others:
        ours, theirs, whole = (
            math.fsum(getattr(item, field) or 0.0 for item in others)
            for field in ("seconds", "against_seconds", "difference_seconds")
        )
        rows.append((f"{len(others)} more", "", "", *_times(ours, theirs, whole, digits)))
    own = sum(not item.is_beside for item in chosen)
    whole_times = difference.first.seconds, difference.second.seconds, difference.difference_seconds
    rows.append(("total", "", "", *_times(*whole_times, digits)))
    labels = [elide_middle(" ".join(side.label.split()), 16) for side in (difference.first, difference.second)]
    if labels[0] == labels[1]:
        labels = ["first", "second"]
    columns = (
        Column(name, number=False),
        Column("", number=False),
        Column("calls"),
        *map(Column, labels),
        Column("difference"),
    )
    sections = {own, len(rows) - 1} if 0 < own < len(rows) - 1 else {len(rows) - 1}
    return Table(name, columns, tuple(rows), frozenset(sections))


def _origin(side: Side) -> str:
    files = ", ".join(side.origin)
    known = words.steps(side.steps, side.steps_from)
    return f"{files} of {side.device_name or side.device_title}: {describe(side.workload)}; {known}"


def _row(item: Change, digits: int, longest: int) -> tuple[str, ...]:
    calls = [_calls(count) for count in (item.calls, item.against_calls)]
    both = calls[0] if calls[0] == calls[1] else " / ".join(calls)
    if item.calls is None and item.against_calls is None:
        both = ""
    name = elide_middle(words.drop_phase(item.name) if not item.is_beside else item.name, longest)
    times = _times(item.seconds, item.against_seconds, item.difference_seconds, digits)
    return (name, words.short_phase(item.phase), both, *times)


def _calls(count: float | None) -> str:
    return _ABSENT if count is None else f"{count:,.1f}".removesuffix(".0")


def _times(ours: float | None, theirs: float | None, difference: float, digits: int) -> tuple[str, str, str]:
    first, second = (_ABSENT if value is None else f"{1e3 * value:,.{digits}f}" for value in (ours, theirs))
    return first, second, signed(1e3 * difference, digits)
