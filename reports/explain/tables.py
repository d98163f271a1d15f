"""The tables of an explanation as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof import units, words
from memprof.comparisons import stages
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation
from memprof.reports.parts.eliding import elide_middle
from memprof.reports.parts.signed import decimals_for, signed
from memprof.reports.parts.tables import Column, Table
from memprof.whatif.savings import Losses

DENSE = "dense products"
"""Convolutions and matrix products together, where one model has the one and the other the other."""
_TOTAL = "total"


def decimals(explanation: Explanation) -> int:
    """Return how many decimals milliseconds need for the longer step to show about five digits."""
    return decimals_for(max(explanation.difference.seconds, explanation.difference.against_seconds))


def sign_note(explanation: Explanation) -> str:
    """Say how to read the signs and the sums."""
    model, other = explanation.workload.model, explanation.against.model
    return (
        f"Milliseconds a step, predicted. Plus: {model} takes longer; minus: {other}. "
        "The differences sum exactly to the total."
    )


def names(explanation: Explanation, longest: int = 40) -> tuple[str, str]:
    """Return both models' names, shortened in the middle to `longest` letters."""
    lines = [" ".join(workload.model.split()) for workload in (explanation.workload, explanation.against)]
    return elide_middle(lines[0], longest), elide_middle(lines[1], longest)


def parts(explanation: Explanation, title: str, shown: Sequence[Part], longest_name: int = 40) -> Table:
    """Return a table of kinds or stages with both models' times, their difference and what sets them; then the sum."""
    difference, digits = explanation.difference, decimals(explanation)
    rows = [
        (
            part.name,
            _time(part.seconds, digits),
            _time(part.against_seconds, digits),
            signed(1e3 * part.difference_seconds, digits),
            _bounds(part, explanation.device_family),
        )
        for part in shown
    ]
    totals = _time(difference.seconds, digits), _time(difference.against_seconds, digits)
    rows.append((_TOTAL, *totals, signed(1e3 * difference.difference_seconds, digits), ""))
    first, second = names(explanation, longest_name)
    columns = (
        Column(title, number=False),
        Column(first),
        Column(second),
        Column("difference"),
        Column("bound by", number=False),
    )
    return Table(title, columns, tuple(rows), frozenset({len(rows) - 1}))


def matrix(explanation: Explanation) -> Table:
    """Return the differences of every kind in every stage, with sums."""
    cells = {(item.kind, item.stage): item.difference_seconds for item in explanation.difference.contributions}
    order = stages.sort_stages(part.name for part in explanation.difference.stages)
    digits = max(0, decimals(explanation) - 1)

    def line(name: str, seconds: Iterable[float], whole: float) -> tuple[str, ...]:
        return (name, *(signed(1e3 * value, digits) for value in seconds), signed(1e3 * whole, digits))

    rows = [
        line(part.name, [cells.get((part.name, stage), 0.0) for stage in order], part.difference_seconds)
        for part in explanation.difference.kinds
    ]
    by_stage = [part.difference_seconds for part in explanation.difference.stages]
    rows.append(line(_TOTAL, by_stage, explanation.difference.difference_seconds))
    columns = (Column("Kind", number=False), *(Column(stage) for stage in order), Column(_TOTAL))
    return Table("Kind by stage", columns, tuple(rows), frozenset({len(rows) - 1}))


def spent(losses: Losses) -> Table:
    """Return what each kind of operator takes."""
    rows = tuple(
        (
            kind.kind,
            units.milliseconds(kind.seconds),
            units.share(kind.share),
            words.short_bound(kind.bound, losses.device_family),
        )
        for kind in losses.kinds
    )
    columns = (Column("Kind", number=False), Column("ms"), Column("time"), Column("bound by", number=False))
    return Table("Where the predicted time goes", columns, rows)


def savings(losses: Losses) -> Table:
    """Return what each change would save."""
    rows = tuple(
        (
            units.milliseconds(loss.saved_seconds),
            units.share(loss.saved_share),
            loss.what,
            units.milliseconds(loss.seconds),
            loss.change,
            "analysed again" if loss.analysed else "estimated",
        )
        for loss in losses.losses
    )
    columns = (
        Column("saves ms"),
        Column("of the step"),
        Column("what takes it", number=False),
        Column("takes ms"),
        Column("change", number=False),
        Column("saving", number=False),
    )
    return Table("What would save time", columns, rows)


def _time(seconds: float, digits: int) -> str:
    return f"{1e3 * seconds:,.{digits}f}" if seconds else "–"


def _bounds(part: Part, family: str) -> str:
    """Return what sets the time in each model: "L2", or "L2 / DRAM" where they differ."""
    both = [words.short_bound(bound, family) if bound else "–" for bound in (part.bound, part.against_bound)]
    return both[0] if both[0] == both[1] else " / ".join(both)
