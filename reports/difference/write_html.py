"""The page of a difference between two traces: step by step from one's time to the other's, by operator and module."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.comparisons.changes import Change, TraceDifference
from memprof.reports.charts.records import Bar, Bars, Part
from memprof.reports.difference import tables
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.parts.eliding import elide_middle
from memprof.reports.parts.signed import decimals_for, signed
from memprof.reports.writer import RenderOptions

EXTENSION = "html"
_MOST_STEPS = 12
_LONGEST_NAME, _LONGEST_LABEL = 48, 24


def render(difference: TraceDifference, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(difference))


def page(difference: TraceDifference) -> Page:
    """Return what the page says and shows."""
    sides = difference.first, difference.second
    sorts = tables.sorts(difference)
    return Page(
        window=tables.title(difference),
        verdict=difference.sentences[0] if difference.sentences else tables.title(difference),
        figures=common.figures(_times(difference), _largest(difference, False), _largest(difference, True)),
        line=", ".join(dict.fromkeys(side.device_title for side in sides)),
        assumed=common.assumed(
            (side.label, origin, "") for side, origin in zip(sides, tables.origins(difference), strict=True)
        ),
        sections=tuple(
            Section(
                name.lower(),
                f"By {name.lower()}",
                "From {1} to {0}, by {2}".format(*_labels(difference), name.lower()),
                difference.sentences[1:] if not place else (),
                (_waterfall(difference, changes),),
                (_grid(difference, name, changes),),
                (tables.sign_note(difference),) if not place else (),
            )
            for place, (name, changes) in enumerate(sorts)
        ),
        words=(("Measured", "What the traces' kernels took, the mean of their steps."),),
        json=difference.to_json(),
    )


def _digits(difference: TraceDifference) -> int:
    return decimals_for(max(difference.first.seconds, difference.second.seconds))


def _times(difference: TraceDifference) -> Figure:
    sides = difference.first.seconds, difference.second.seconds
    remark = ", ".join(
        f"{label} {units.seconds(value)}" for label, value in zip(_labels(difference), sides, strict=True)
    )
    gap = f"{signed(1e3 * difference.difference_seconds, _digits(difference))} ms"
    return Figure("How much longer", gap, f"a step: {remark}; measured")


def _largest(difference: TraceDifference, beside: bool) -> Figure | None:
    """Return the largest change of an operator, or of what is beside operators."""
    found = [item for item in difference.operators if item.is_beside == beside and item.difference_seconds]
    if not found:
        return None
    item = max(found, key=lambda change: abs(change.difference_seconds))
    gap = f"{signed(1e3 * item.difference_seconds, _digits(difference))} ms"
    title = "Most beside operators" if beside else "Most of it"
    return Figure(title, _name(item), gap)


def _name(item: Change) -> str:
    """Return what an operator or kernel is called, its templates' arguments cut from the middle."""
    return elide_middle(item.name if item.is_beside else words.drop_phase(item.name), _LONGEST_NAME)


def _labels(difference: TraceDifference) -> tuple[str, str]:
    """Return both traces' names, short enough for a heading; "first" and "second" where that makes them equal."""
    names = [
        elide_middle(" ".join(side.label.split()), _LONGEST_LABEL) for side in (difference.first, difference.second)
    ]
    return (names[0], names[1]) if names[0] != names[1] else ("first", "second")


def _key(item: Change) -> str:
    return " ".join(filter(None, (item.name, item.phase)))


def _waterfall(difference: TraceDifference, changes: Sequence[Change]) -> Bars:
    """Return bars of which each begins where the one above ends, from the second trace's time to the first's."""
    first, second = difference.first, difference.second
    ours, theirs = _labels(difference)
    digits = _digits(difference)
    largest = sorted(changes, key=lambda item: -abs(item.difference_seconds))[:_MOST_STEPS]
    rest = [item for item in changes if item not in largest]
    steps = [(_told(item), item.difference_seconds, _key(item)) for item in largest if item.difference_seconds]
    if rest:
        name = f"{len(rest)} more"
        steps.append(((name,), sum(item.difference_seconds for item in rest), ""))
    bars = [Bar(theirs, (Part(1e3 * second.seconds, colors.PALE),), units.seconds(second.seconds), begins=True)]
    level = 1e3 * second.seconds
    for (name, *told), seconds, key in steps:
        part = Part(1e3 * seconds, common.change_class(seconds))
        bars.append(Bar(name, (part,), f"{signed(1e3 * seconds, digits)} ms", tuple(told), key, start=level))
        level += 1e3 * seconds
    bars.append(Bar(ours, (Part(1e3 * first.seconds, colors.PALE),), units.seconds(first.seconds), begins=True))
    return Bars(
        f"From {theirs} to {ours}: " + ", ".join(f"{bar.name} {bar.text}" for bar in bars),
        "measured ms a step; each bar begins where the one above ends",
        tuple(bars),
    )


def _told(item: Change) -> tuple[str, ...]:
    phase = f", {words.short_phase(item.phase)}" if item.phase else ""
    times = (common.ABSENT if value is None else units.seconds(value) for value in (item.seconds, item.against_seconds))
    return (f"{_name(item)}{phase}", " against ".join(times))


def _grid(difference: TraceDifference, name: str, changes: Sequence[Change]) -> Grid:
    first, second = _labels(difference)
    digits = _digits(difference)
    largest = max((abs(item.difference_seconds) for item in changes), default=0.0)
    phased = any(item.phase for item in changes)
    columns = (
        Column(name, number=False),
        *([Column("phase", number=False, facet=True, main=False)] if phased else []),
        Column(f"calls\n{first}", "In a step.", main=False),
        Column(f"calls\n{second}", "In a step.", main=False),
        Column(f"{first}\nms", "Measured, in a step.", main=False),
        Column(f"{second}\nms", "Measured, in a step.", main=False),
        Column("difference\nms", f"Plus: {first} takes longer; minus: {second}."),
    )
    rows = tuple(
        Row(
            (
                _name(item),
                *([words.short_phase(item.phase)] if phased else []),
                _count(item.calls),
                _count(item.against_calls),
                common.milliseconds(item.seconds),
                common.milliseconds(item.against_seconds),
                Cell(
                    signed(1e3 * item.difference_seconds, digits),
                    item.difference_seconds,
                    abs(item.difference_seconds) / largest if largest else None,
                    common.change_class(item.difference_seconds),
                ),
            ),
            _key(item),
        )
        for item in changes
    )
    return Grid("", columns, rows)


def _count(calls: float | None) -> Cell:
    return Cell(common.ABSENT) if calls is None else Cell(f"{calls:,.1f}".removesuffix(".0"), calls)
