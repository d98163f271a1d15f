"""Lays a document out for a terminal, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding

from memprof.reports.parts import typeset
from memprof.reports.parts.document import Document
from memprof.reports.parts.grids import path_limit
from memprof.reports.parts.tables import Table
from memprof.reports.writer import RenderOptions

_LONGEST_BESIDE_SENTENCES = 32
"""Columns that a path may take in a table with sentences."""


def lay_out(document: Document, options: RenderOptions) -> str:
    """Return the text of a document."""
    console = typeset.start(options.width, color=options.color)
    console.print(typeset.text(document.title, typeset.STRONG))
    for sentence in document.sentences:
        console.print(typeset.text(sentence))
    for section in document.sections:
        typeset.section(console, section.table.title)
        _print_table(console, section.table)
        for note in section.notes:
            typeset.note(console, note)
    return typeset.finish(console)


def _print_table(console: Console, table: Table) -> None:
    """Print a table, its paths cut at their ends where they would make it wider than the console."""
    has_sentences = any(column.wraps for column in table.columns)
    limit = _LONGEST_BESIDE_SENTENCES if has_sentences else path_limit(table, console.width)
    grid = typeset.empty_grid()
    for column in table.columns:
        grid.add_column(
            typeset.text(column.header),
            justify="right" if column.number else "left",
            no_wrap=not column.wraps,
            overflow="ellipsis" if column.path else "fold",
            max_width=limit if column.path else None,
        )
    for row in table.rows:
        grid.add_row(*map(typeset.text, row))
    console.print(Padding(grid, (0, 0, 0, 1)))
