"""Lays the result of a check out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof.gate.records import GateResult, Verdict, WorkloadResult
from memprof.reports.gate import tables, words
from memprof.reports.gate.check import Check
from memprof.reports.parts import typeset
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"
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


def render(check: Check, options: RenderOptions) -> bytes:
    """Return the text for a terminal of `options.width` columns: the verdict first, what to do about it last."""
    result = check.result
    console = typeset.start(options.width, color=options.color)
    typeset.line(console, words.headline(result), STYLES[result.verdict])
    for sentence in (words.other_verdicts(result), *_origin(result)):
        if sentence:
            typeset.line(console, sentence, typeset.FAINT)
    for item in tables.notable_workloads(result):
        _print_workload(console, item)
    for reasons, items in tables.incomparable_workloads(result).items():
        _print_incomparable(console, reasons, items)
    _print_measured(console, result)
    _print_passed(console, result)
    if result.notes:
        typeset.section(console, "To know")
        typeset.sentences(console, [f"{note}." for note in result.notes])
    if result.remedy:
        console.print()
        grid = RichTable.grid(padding=(0, 1))
        grid.add_row(
            Text("→", STYLES[result.verdict]), typeset.text(f"{result.remedy[:1].upper()}{result.remedy[1:]}.")
        )
        console.print(grid)
    return typeset.finish(console).encode()


def _origin(result: GateResult) -> tuple[str, ...]:
    """Say what was held against what."""
    files = f"Baseline {result.baseline}, budgets of {result.config}."
    return (files, words.PREDICTED) if result.results else ()


def _print_incomparable(console: Console, reasons: Sequence[str], items: Sequence[WorkloadResult]) -> None:
    if len(items) == 1:
        _print_heading(console, words.name(items[0].workload), Verdict.CANNOT_TELL)
        typeset.line(console, words.details(items[0].workload), typeset.FAINT)
    else:
        _print_heading(console, f"{len(items)} workloads", Verdict.CANNOT_TELL)
        for item in items:
            console.print(Padding(typeset.text(words.full_name(item.workload), typeset.FAINT), (0, 0, 0, 2)))
    console.print()
    typeset.sentences(console, [f"Why: {reason}." for reason in reasons])


def _print_workload(console: Console, result: WorkloadResult) -> None:
    _print_heading(console, words.name(result.workload), result.verdict)
    typeset.line(console, words.details(result.workload), typeset.FAINT)
    console.print()
    typeset.sentences(console, [f"Why: {reason}." for reason in result.reasons])
    wide = console.width >= _WIDE
    shown = [item for item in words.changed_metrics(result) if wide or not words.follows(item)]
    if shown:
        typeset.table(console, tables.metrics(shown), _METRIC_GROUPS)
    if words.unchanged_count(result):
        typeset.note(console, words.unchanged_count(result))
    if result.changes:
        console.print()
        typeset.line(console, "What changed, and what that costs (predicted):")
        typeset.sentences(console, [item.text for item in result.changes[:MOST_CHANGES]])
        rest = len(result.changes) - MOST_CHANGES
        if rest > 0:
            changes = "change" if rest == 1 else "changes"
            typeset.note(console, f"   and {rest} more {changes} that weigh less (--json lists all of them)")


def _print_measured(console: Console, result: GateResult) -> None:
    if not result.measured:
        return
    wide = console.width >= _WIDE
    table = tables.measured_table(result.measured, wide=wide)
    typeset.section(console, table.title)
    typeset.table(console, table, (2, len(table.columns) - 3))
    for sentence in tables.measured_notes(result.measured, wide=wide):
        typeset.note(console, sentence)


def _print_passed(console: Console, result: GateResult) -> None:
    """Print a line for each workload that passed: the figures of one that did are seldom asked for."""
    passed = [item for item in result.results if item.verdict is Verdict.PASSED]
    if not passed:
        return
    typeset.section(console, "Passed")
    grid = RichTable.grid(padding=(0, 2))
    for item in passed:
        grid.add_row(typeset.text(words.name(item.workload)), typeset.text(tables.change_summary(item), typeset.FAINT))
    console.print(Padding(grid, (0, 0, 0, 2)))


def _print_heading(console: Console, title: str, verdict: Verdict) -> None:
    console.print()
    console.print(Text.assemble(typeset.text(title, typeset.HEADING), ": ", (str(verdict), STYLES[verdict])))
