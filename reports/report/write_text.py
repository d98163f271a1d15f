"""The text writer: what a terminal shows, in columns laid out with rich; plain text where colour is not wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from memprof import findings, words
from memprof.comparisons import reports as side_by_side
from memprof.report.digest import Digest
from memprof.report.labels import host_name
from memprof.reports.parts import typeset
from memprof.reports.parts.grids import print_facts, print_table
from memprof.reports.parts.tables import Column, Table
from memprof.reports.report import facts, measured_tables, measured_terminal, module_tree, tables, top_table
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"
_WIDE, _LEAST, _ROOF = 110, 95, 72
"""Columns from which tables have more: shapes and intensities, by kind the least possible times and shares of roofs."""
_BLOCKS = " ▏▎▍▌▋▊▉█"
_SHORT_FINDINGS = 4
_MODEL_COLUMN = 17


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return the text for one report, or for several a comparison and then each one in short, in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    if len(digests) == 1:
        _one(console, digests[0], options)
    else:
        _several(console, digests, options)
    return typeset.finish(console).encode()


def _one(console: Console, digest: Digest, options: RenderOptions) -> None:
    _header(console, digest)
    measured_terminal.mark(console, digest)
    console.print(typeset.text(findings.headline(digest), typeset.STRONG))
    typeset.section(console, "What the device can do at most")
    _ceilings(console, digest)
    typeset.section(console, "Totals")
    print_facts(console, facts.totals(digest))
    typeset.section(console, "What binds it, and why")
    _findings(console, findings.findings(digest))
    measured_terminal.device(console, digest)
    if digest.report.operators:
        typeset.section(console, f"By kind of operator: share of FLOPs against share of {digest.time.name}")
        _kinds(console, digest)
        console.print()
        _top(console, digest, options, style=typeset.HEADING)
        if options.depth:
            typeset.section(console, f"By module, {options.depth} deep, in the order of a step")
            module_tree.print_tree(console, digest, options.depth)
    measured_terminal.details(console, digest, top=options.top)
    console.print()
    console.print(typeset.text(f"Coverage: {findings.coverage(digest)}", typeset.FAINT))
    typeset.warnings(console, digest.report.warnings)


def _several(console: Console, digests: Sequence[Digest], options: RenderOptions) -> None:
    labels = [digest.label for digest in digests]
    console.print(typeset.text(", ".join(labels), typeset.STRONG))
    first = digests[0]
    about = f"{first.workload} on {first.device.title}"
    if not any(digest.is_measured for digest in digests):
        about += f" ({words.assumed(host_name(first.report), first.report.workload.stack)})"
    console.print(typeset.text(about, typeset.FAINT))
    typeset.section(console, "What the device can do at most")
    _ceilings(console, digests[0])
    table = tables.side_by_side(digests)
    names = {digest.time.name for digest in digests}
    times = f"{names.pop()}s" if len(names) == 1 else "times"
    typeset.section(console, f"{table.title}: totals, and {times} with their share of the step")
    per_row = max(1, (console.width - 24) // max(_MODEL_COLUMN, *(len(label) + 2 for label in labels)))
    for start in range(1, len(digests) + 1, per_row):
        print_table(console, _columns(table, start, start + per_row))
    console.print()
    _findings(console, side_by_side.compare(digests))
    for digest in digests:
        typeset.section(console, digest.label)
        measured_terminal.mark(console, digest)
        _findings(console, findings.findings(digest)[:_SHORT_FINDINGS])
        if options.depth and digest.report.operators:
            console.print()
            module_tree.print_tree(console, digest, options.depth)
        few = replace(options, top=min(options.top, 5))
        console.print()
        _top(console, digest, few, style=typeset.FAINT)
        if digest.report.coverage.unknown:
            console.print(typeset.text(f"Coverage: {findings.coverage(digest)}", typeset.FAINT))
        typeset.warnings(console, digest.report.warnings)


def _header(console: Console, digest: Digest) -> None:
    names = (typeset.text(name, typeset.STRONG) for name in (digest.report.workload.model, digest.device.title))
    console.print(Text(" on ").join(names))
    console.print(typeset.text(digest.workload, typeset.FAINT))
    origin = measured_tables.origin(digest)
    if origin:
        console.print(typeset.text(origin, typeset.FAINT))
    console.print()


def _ceilings(console: Console, digest: Digest) -> None:
    table = tables.ceilings(digest)
    columns = [replace(column, header=column.header.replace(", ", "\n", 1)) for column in table.columns]
    print_table(console, replace(table, columns=tuple(columns)))
    typeset.note(console, tables.ridge_note(digest))


def _findings(console: Console, items: Sequence[findings.Finding]) -> None:
    typeset.sentences(console, [finding.sentence for finding in items])


def _top(console: Console, digest: Digest, options: RenderOptions, style: str) -> None:
    table = top_table.top(digest, options, wide=console.width >= _WIDE)
    typeset.line(console, table.title, style)
    print_table(console, table)
    for note in top_table.notes(digest, options):
        typeset.note(console, note)


def _kinds(console: Console, digest: Digest) -> None:
    """Print the table by kind with a bar for each share, so that a mismatch meets the eye."""
    least, roof = console.width >= _LEAST, console.width >= _ROOF
    table = tables.kinds(digest, least=least, roof=roof)
    bounds = max((len(row[-1]) for row in table.rows), default=0)
    length = min(24, max(4, (console.width - _width_beside_bars(digest, least=least, roof=roof) - bounds) // 2))
    grid = typeset.empty_grid()
    for column in table.columns:
        right = column.header.endswith(("ms", "roof"))
        grid.add_column(column.header, justify="right" if right else "left", no_wrap=True)
    for group, (name, flops, time, *rest) in zip(digest.kinds, table.rows, strict=True):
        bars = [
            Text.assemble(f"{text:>6} ", (_bar(share, length), color))
            for text, share, color in ((flops, group.flops_share, "blue"), (time, group.time_share, "red"))
        ]
        grid.add_row(typeset.text(name), *bars, *map(typeset.text, rest))
    console.print(Padding(grid, (0, 0, 0, 1)))
    typeset.note(console, tables.bound_note(digest))


def _width_beside_bars(digest: Digest, *, least: bool, roof: bool) -> int:
    """Return how many columns of text the table by kind takes beside its bars and what binds."""
    more = 9 * roof + 9 * least if digest.is_measured else 0
    return (60 if least else 50) + more


def _bar(fraction: float, length: int) -> str:
    """Draw a fraction as a bar of at most `length` columns, in eighths of one."""
    eighths = round(min(1.0, max(0.0, fraction)) * length * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_BLOCKS[rest] if rest else "")


def _columns(table: Table, start: int, end: int) -> Table:
    """Keep the first column and those from `start` up to `end`."""

    def cut(items: Sequence[str]) -> tuple[str, ...]:
        return (items[0], *items[start:end])

    columns: tuple[Column, ...] = (table.columns[0], *table.columns[start:end])
    return replace(table, columns=columns, rows=tuple(cut(row) for row in table.rows))
