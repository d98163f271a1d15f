"""What the page says of a difference between two models: step by step from one's time to the other's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.comparisons import stages
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation, swapped_products
from memprof.reports.charts.records import Bar, Bars
from memprof.reports.charts.records import Part as Piece
from memprof.reports.explain import captions, tables
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.parts.signed import signed

_SMALL = 0.005
"""Fraction of the longer step below which kinds are one step of the waterfall together."""


def page(explanation: Explanation) -> Page:
    """Return what the page says and shows."""
    difference, sentences = explanation.difference, explanation.sentences
    model, against = tables.names(explanation)
    return Page(
        window=captions.title(explanation),
        verdict=sentences[0] if sentences else captions.title(explanation),
        figures=common.figures(_times(explanation), _cause(explanation), _place(explanation)),
        line=f"{explanation.device_title}: {captions.workload(explanation)}",
        assumed=common.assumed(
            (
                *common.run_facts(explanation.device_title, explanation.host, explanation.workload.stack),
                ("Workload", captions.workload(explanation), "the same of both models"),
            )
        ),
        sections=(
            Section(
                "kinds",
                "By kind",
                f"From {against} to {model}, by kind of operator",
                sentences[1:],
                (_waterfall(explanation, difference.kinds, of_kinds=True),),
                (_grid(explanation, "Kind", difference.kinds),),
                (tables.sign_note(explanation),),
            ),
            Section(
                "stages",
                "By stage",
                "By stage, in the order of a step",
                charts=(_waterfall(explanation, difference.stages, of_kinds=False),),
                tables=(_grid(explanation, "Stage", difference.stages),),
            ),
            Section(
                "contributions", "Kind by stage", "Every kind in every stage", tables=(_contributions(explanation),)
            ),
        ),
        words=common.words([explanation.device_family]),
        json=explanation.to_json(),
    )


def _times(explanation: Explanation) -> Figure:
    difference = explanation.difference
    first, second = tables.names(explanation)
    gap = f"{signed(1e3 * difference.difference_seconds, tables.decimals(explanation))} ms"
    remark = f"{first} {units.seconds(difference.seconds)}, {second} {units.seconds(difference.against_seconds)} a step"
    return Figure("How much longer", gap, f"{remark}; predicted")


def _cause(explanation: Explanation) -> Figure | None:
    """Return the kind of operator that most of the difference comes from, what cancels taken together."""
    difference = explanation.difference
    longer = difference.difference_seconds > 0
    steps = _steps(explanation, difference.kinds, of_kinds=True)
    largest = max(steps, key=lambda step: step.seconds if longer else -step.seconds, default=None)
    if largest is None or not largest.seconds or (largest.seconds > 0) is not longer:
        return None
    gap = f"{signed(1e3 * largest.seconds, tables.decimals(explanation))} ms"
    name = words.kinds(largest.name) if largest.key else largest.name
    return Figure("Most of it", name.capitalize(), f"{gap}: {', '.join(largest.told[:2])}" if largest.told else gap)


def _place(explanation: Explanation) -> Figure | None:
    largest = max(explanation.difference.stages, key=lambda part: abs(part.difference_seconds), default=None)
    if largest is None or not largest.difference_seconds:
        return None
    gap = f"{signed(1e3 * largest.difference_seconds, tables.decimals(explanation))} ms"
    return Figure("Where most of it", largest.name.capitalize(), gap)


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of the waterfall: seconds by which the first model takes longer there."""

    name: str
    seconds: float
    color: str
    told: tuple[str, ...]
    key: str


def _waterfall(explanation: Explanation, parts: Sequence[Part], *, of_kinds: bool) -> Bars:
    """Return bars of which each begins where the one above ends, from the other model's time to the model's."""
    difference, digits = explanation.difference, tables.decimals(explanation)
    first, second = tables.names(explanation)
    bars = [_whole(second, difference.against_seconds)]
    level = 1e3 * difference.against_seconds
    for step in _steps(explanation, parts, of_kinds=of_kinds):
        change = 1e3 * step.seconds
        text = f"{signed(change, digits)} ms"
        bars.append(Bar(step.name, (Piece(change, step.color),), text, step.told, step.key, start=level))
        level += change
    bars.append(_whole(first, difference.seconds))
    return Bars(
        f"From {second} to {first}: " + ", ".join(f"{bar.name} {bar.text}" for bar in bars),
        "predicted ms a step; each bar begins where the one above ends",
        tuple(bars),
        caption=f"Plus: {first} takes longer there; minus: {second}.",
    )


def _steps(explanation: Explanation, parts: Sequence[Part], *, of_kinds: bool) -> list[_Step]:
    """Return the steps: those of kinds largest first, what cancels as one of them; the small ones together, last."""
    difference = explanation.difference
    least = _SMALL * max(difference.seconds, difference.against_seconds)
    merged = swapped_products(difference) if of_kinds else ()
    alone = [part for part in parts if part not in merged]
    small = [part for part in alone if abs(part.difference_seconds) < least]
    steps = [_step(explanation, part, of_kinds=of_kinds) for part in alone if part not in small]
    if merged:
        told = tuple(f"{part.name} {signed(1e3 * part.difference_seconds, 2)} ms" for part in merged)
        same = "a 1x1 convolution and a linear layer compute the same"
        together = sum(part.difference_seconds for part in merged)
        steps.append(_Step(tables.DENSE, together, _color(merged[0], True), (*told, same), ""))
    if of_kinds:
        steps.sort(key=lambda step: -abs(step.seconds))
    if small:
        rest = small[0].name if len(small) == 1 else f"{len(small)} others"
        steps.append(_Step(rest, sum(part.difference_seconds for part in small), colors.PALE, (), ""))
    return steps


def _step(explanation: Explanation, part: Part, *, of_kinds: bool) -> _Step:
    return _Step(part.name, part.difference_seconds, _color(part, of_kinds), _told(explanation, part), part.name)


def _whole(name: str, seconds: float) -> Bar:
    return Bar(name, (Piece(1e3 * seconds, colors.PALE),), units.seconds(seconds), begins=True)


def _color(part: Part, of_kinds: bool) -> str:
    return colors.kind_class(part.name) if of_kinds else common.change_class(part.difference_seconds)


def _told(explanation: Explanation, part: Part) -> tuple[str, ...]:
    first, second = tables.names(explanation)
    times = f"{first} {units.seconds(part.seconds)}", f"{second} {units.seconds(part.against_seconds)}"
    return (*times, f"bound by {_bounds(explanation, part)}")


def _bounds(explanation: Explanation, part: Part) -> str:
    both = [
        words.short_bound(bound, explanation.device_family) if bound else common.ABSENT
        for bound in (part.bound, part.against_bound)
    ]
    return both[0] if both[0] == both[1] else " / ".join(both)


def _grid(explanation: Explanation, head: str, parts: Sequence[Part]) -> Grid:
    first, second = tables.names(explanation)
    digits = tables.decimals(explanation)
    largest = max((abs(part.difference_seconds) for part in parts), default=0.0)
    columns = (
        Column(head, number=False),
        Column(f"{first}\nms", "Predicted time in a step."),
        Column(f"{second}\nms", "Predicted time in a step.", main=False),
        Column("difference\nms", f"Plus: {first} takes longer; minus: {second}."),
        Column("bound by", "What sets most of the time, in each where they differ.", number=False, main=False),
    )
    rows = tuple(
        Row(
            (
                Cell(part.name, color=_dot(part.name, head)),
                common.milliseconds(part.seconds),
                common.milliseconds(part.against_seconds),
                _difference(part.difference_seconds, digits, largest),
                _bounds(explanation, part),
            ),
            part.name,
        )
        for part in parts
    )
    return Grid(f"By {head.lower()}", columns, rows)


def _dot(name: str, head: str) -> str:
    return colors.kind_class(name) if head == "Kind" else ""


def _difference(seconds: float, digits: int, largest: float) -> Cell:
    share = abs(seconds) / largest if largest else None
    return Cell(signed(1e3 * seconds, digits), seconds, share, common.change_class(seconds))


def _contributions(explanation: Explanation) -> Grid:
    digits = tables.decimals(explanation)
    order = {
        name: place for place, name in enumerate(stages.sort_stages(p.name for p in explanation.difference.stages))
    }
    shown = sorted(explanation.difference.contributions, key=lambda item: -abs(item.difference_seconds))
    largest = max((abs(item.difference_seconds) for item in shown), default=0.0)
    columns = (
        Column("Kind", number=False),
        Column("stage", number=False, facet=True),
        Column("difference\nms", "Plus: the first model takes longer there."),
    )
    rows = tuple(
        Row(
            (
                Cell(item.kind, color=colors.kind_class(item.kind)),
                Cell(item.stage, float(order.get(item.stage, 0))),
                _difference(item.difference_seconds, digits, largest),
            )
        )
        for item in shown
    )
    return Grid("", columns, rows)
