"""Lays the result of a check out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof.gate.records import GateResult, Verdict, WorkloadResult
from memprof.reports.gate import tables, words
from memprof.reports.parts import typeset

STYLES = {
    Verdict.PASSED: "bold green",
    Verdict.IMPROVED: "bold green",
    Verdict.REGRESSED: "bold red",
    Verdict.CANNOT_TELL: "bold yellow",
}
MOST_CHANGES = 10
"""Changes of a workload that are told; what weighs most comes first."""
_WIDE = 100
"""Columns from which tables have more."""
_METRIC_GROUPS = (2, 3)
"""Columns of figures that stay together: before and after; change, budget and verdict."""


def render(found: GateResult, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns: the verdict first, what to do about it last."""
    console = typeset.start(width, color=color)
    typeset.line(console, words.headline(found), STYLES[found.verdict])
    for said in (words.besides(found), *_origin(found)):
        if said:
            typeset.line(console, said, typeset.FAINT)
    for item in tables.notable(found):
        _workload(console, item)
    for reasons, items in tables.incomparable(found).items():
        _incomparable(console, reasons, items)
    _measured(console, found)
    _passed(console, found)
    if found.notes:
        typeset.section(console, "To know")
        typeset.sentences(console, [f"{note}." for note in found.notes])
    if found.remedy:
        console.print()
        grid = RichTable.grid(padding=(0, 1))
        grid.add_row(Text("→", STYLES[found.verdict]), typeset.text(f"{found.remedy[:1].upper()}{found.remedy[1:]}."))
        console.print(grid)
    return typeset.printed(console)


def _origin(found: GateResult) -> tuple[str, ...]:
    """Say what was held against what."""
    files = f"Baseline {found.baseline}, budgets of {found.config}."
    return (files, words.PREDICTED) if found.results else ()


def _incomparable(console: Console, reasons: Sequence[str], items: Sequence[WorkloadResult]) -> None:
    if len(items) == 1:
        _heading(console, words.name(items[0].workload), Verdict.CANNOT_TELL)
        typeset.line(console, words.details(items[0].workload), typeset.FAINT)
    else:
        _heading(console, f"{len(items)} workloads", Verdict.CANNOT_TELL)
        for item in items:
            console.print(Padding(typeset.text(words.whole(item.workload), typeset.FAINT), (0, 0, 0, 2)))
    console.print()
    typeset.sentences(console, [f"Why: {reason}." for reason in reasons])


def _workload(console: Console, found: WorkloadResult) -> None:
    _heading(console, words.name(found.workload), found.verdict)
    typeset.line(console, words.details(found.workload), typeset.FAINT)
    console.print()
    typeset.sentences(console, [f"Why: {reason}." for reason in found.reasons])
    wide = console.width >= _WIDE
    shown = [item for item in words.changed(found) if wide or not words.follows(item)]
    if shown:
        typeset.table(console, tables.metrics(shown), _METRIC_GROUPS)
    if words.unchanged(found):
        typeset.note(console, words.unchanged(found))
    if found.changes:
        console.print()
        typeset.line(console, "What changed, and what that costs (predicted):")
        typeset.sentences(console, [item.text for item in found.changes[:MOST_CHANGES]])
        rest = len(found.changes) - MOST_CHANGES
        if rest > 0:
            changes = "change" if rest == 1 else "changes"
            typeset.note(console, f"   and {rest} more {changes} that weigh less (--json lists all of them)")


def _measured(console: Console, found: GateResult) -> None:
    if not found.measured:
        return
    wide = console.width >= _WIDE
    table = tables.measured(found.measured, wide=wide)
    typeset.section(console, table.title)
    typeset.table(console, table, (2, len(table.columns) - 3))
    for said in tables.measured_notes(found.measured, wide=wide):
        typeset.note(console, said)


def _passed(console: Console, found: GateResult) -> None:
    """Print a line for each workload that passed: the figures of one that did are seldom asked for."""
    passed = [item for item in found.results if item.verdict is Verdict.PASSED]
    if not passed:
        return
    typeset.section(console, "Passed")
    grid = RichTable.grid(padding=(0, 2))
    for item in passed:
        grid.add_row(typeset.text(words.name(item.workload)), typeset.text(tables.within(item), typeset.FAINT))
    console.print(Padding(grid, (0, 0, 0, 2)))


def _heading(console: Console, title: str, verdict: Verdict) -> None:
    console.print()
    console.print(Text.assemble(typeset.text(title, typeset.HEADING), ": ", (str(verdict), STYLES[verdict])))
