"""Lays a report out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof import findings, side_by_side, summary
from memprof.report import Report
from memprof.reports import tables, typeset
from memprof.reports.tables import Column, Fact, Table
from memprof.reports.writer import RenderOptions

_WIDE, _LEAST = 110, 95
"""Columns from which tables have more: shapes and intensities, and by kind the least possible times."""
_BLOCKS = " ▏▎▍▌▋▊▉█"
_SHORT_FINDINGS = 4
_MODEL_COLUMN = 17


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """Return the text for one report, or for several a comparison and then each one in short."""
    console = typeset.start(options.width, color=options.color)
    if len(reports) == 1:
        _one(console, reports[0], options)
    else:
        _several(console, reports, options)
    return typeset.printed(console)


def _one(console: Console, report: Report, options: RenderOptions) -> None:
    _header(console, report)
    console.print(typeset.text(findings.headline(report), typeset.STRONG))
    typeset.section(console, "What the device can do at most")
    _ceilings(console, report)
    typeset.section(console, "Totals")
    _facts(console, tables.totals(report))
    typeset.section(console, "What binds it, and why")
    _findings(console, findings.findings(report))
    typeset.section(console, "By kind of operator: share of FLOPs against share of predicted time")
    _kinds(console, report)
    table = tables.top(report, options, wide=console.width >= _WIDE)
    typeset.section(console, table.title)
    _table(console, table)
    console.print()
    console.print(typeset.text(f"Coverage: {findings.coverage(report)}", typeset.FAINT))
    typeset.warnings(console, report.warnings)


def _several(console: Console, reports: Sequence[Report], options: RenderOptions) -> None:
    labels = summary.labels(reports)
    console.print(typeset.text(", ".join(labels), typeset.STRONG))
    console.print(typeset.text(f"{summary.describe(reports[0])} on {reports[0].device.title}", typeset.FAINT))
    typeset.section(console, "What the device can do at most")
    _ceilings(console, reports[0])
    table = tables.side_by_side(reports)
    typeset.section(console, f"{table.title}: totals, and predicted times with their share of the step")
    per_row = max(1, (console.width - 24) // max(_MODEL_COLUMN, *(len(label) + 2 for label in labels)))
    for start in range(1, len(reports) + 1, per_row):
        _table(console, _columns(table, start, start + per_row))
    console.print()
    _findings(console, side_by_side.compare(reports))
    for label, report in zip(labels, reports, strict=True):
        typeset.section(console, label)
        _findings(console, findings.findings(report)[:_SHORT_FINDINGS])
        few = replace(options, top=min(options.top, 5))
        shown = tables.top(report, few, wide=console.width >= _WIDE)
        console.print()
        console.print(typeset.text(shown.title, typeset.FAINT))
        _table(console, shown)
        if report.coverage.unknown:
            console.print(typeset.text(f"Coverage: {findings.coverage(report)}", typeset.FAINT))
        typeset.warnings(console, report.warnings)


def _header(console: Console, report: Report) -> None:
    names = (typeset.text(name, typeset.STRONG) for name in (report.workload.model, report.device.title))
    console.print(Text(" on ").join(names))
    console.print(typeset.text(summary.describe(report), typeset.FAINT))
    console.print()


def _ceilings(console: Console, report: Report) -> None:
    table = tables.ceilings(report)
    columns = [replace(column, header=column.header.replace(", ", "\n", 1)) for column in table.columns]
    _table(console, replace(table, columns=tuple(columns)))
    typeset.note(console, tables.RIDGE_NOTE)


def _findings(console: Console, found: Sequence[findings.Finding]) -> None:
    typeset.sentences(console, [finding.sentence for finding in found])


def _facts(console: Console, facts: Sequence[Fact]) -> None:
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    for fact in facts:
        value, remark = typeset.text(fact.value, typeset.STRONG), typeset.text(fact.remark, typeset.FAINT)
        grid.add_row(typeset.text(fact.name), value, remark)
    console.print(Padding(grid, (0, 0, 0, 2)))


def _kinds(console: Console, report: Report) -> None:
    """Print the table by kind with a bar for each share, so that a mismatch meets the eye."""
    least = console.width >= _LEAST
    table = tables.kinds(report, least=least)
    bounds = max((len(row[-1]) for row in table.rows), default=0)
    length = min(24, max(4, (console.width - (60 if least else 50) - bounds) // 2))
    grid = typeset.empty_grid()
    for column in table.columns:
        grid.add_column(column.header, justify="right" if column.header.endswith("ms") else "left", no_wrap=True)
    for group, (name, flops, time, *rest) in zip(summary.by_kind(report), table.rows, strict=True):
        bars = [
            Text.assemble(f"{text:>6} ", (_bar(share, length), color))
            for text, share, color in ((flops, group.flops_share, "blue"), (time, group.time_share, "red"))
        ]
        grid.add_row(typeset.text(name), *bars, *map(typeset.text, rest))
    console.print(Padding(grid, (0, 0, 0, 1)))
    typeset.note(console, tables.BOUND_NOTE)


def _bar(fraction: float, length: int) -> str:
    """Draw a fraction as a bar of at most `length` columns, in eighths of one."""
    eighths = round(min(1.0, max(0.0, fraction)) * length * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_BLOCKS[rest] if rest else "")


def _table(console: Console, table: Table) -> None:
    grid = typeset.columns_of(table)
    limit = _path_limit(table, console.width)
    for index, row in enumerate(table.rows):
        cells = [_elide(cell, limit) if column.path else cell for column, cell in zip(table.columns, row, strict=True)]
        grid.add_row(*map(typeset.text, cells), end_section=index + 1 in table.sections)
    console.print(Padding(grid, (0, 0, 0, 1)))


def _path_limit(table: Table, width: int) -> int:
    """Return how long paths may be for the table to fit: the longest allowance that all path columns can share."""
    cells = [[column.header, *(row[index] for row in table.rows)] for index, column in enumerate(table.columns)]
    widths = [max(map(len, column)) for column in cells]
    paths = [widths[index] for index, column in enumerate(table.columns) if column.path]
    room = width - 2 * len(widths) - 2 - sum(widths) + sum(paths)
    return next((limit for limit in range(max(paths, default=0), 8, -1) if _fits(paths, limit, room)), 8)


def _fits(paths: Sequence[int], limit: int, room: int) -> bool:
    return sum(min(path, limit) for path in paths) <= room


def _elide(path: str, limit: int) -> str:
    """Shorten a path in the middle, where it says least."""
    if len(path) <= limit:
        return path
    tail = limit * 5 // 9
    return f"{path[: limit - tail - 1]}…{path[-tail:]}"


def _columns(table: Table, start: int, end: int) -> Table:
    """Keep the first column and those from `start` up to `end`."""

    def cut(items: Sequence[str]) -> tuple[str, ...]:
        return (items[0], *items[start:end])

    columns: tuple[Column, ...] = (table.columns[0], *table.columns[start:end])
    return replace(table, columns=columns, rows=tuple(cut(row) for row in table.rows))
