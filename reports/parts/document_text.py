"""Lays a validation out for a terminal, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding

from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Table
from memprof.reports.validation.document import Document, Section

WIDE = 110
"""Columns from which tables have more."""
_LEAST_PATH, _MOST_WHAT = 8, 32


def render(document: Document, width: int, *, color: bool) -> str:
    """Return the text of a document for a terminal of `width` columns."""
    console = typeset.start(width, color=color)
    console.print(typeset.text(document.title, typeset.STRONG))
    for sentence in document.sentences:
        console.print(typeset.text(sentence))
    for section in document.sections:
        typeset.section(console, section.table.title)
        _table(console, section)
        for note in section.notes:
            typeset.note(console, note)
    return typeset.printed(console)


def _table(console: Console, section: Section) -> None:
    table = section.table
    grid = typeset.empty_grid()
    for index, column in enumerate(table.columns):
        wraps = section.wraps and index == len(table.columns) - 1
        justify = "right" if column.number else "left"
        grid.add_column(typeset.text(column.header), justify=justify, no_wrap=not wraps, overflow="fold")  # type: ignore[arg-type]
    limit = _MOST_WHAT if section.wraps else _path_limit(table, console.width)
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        grid.add_row(*(typeset.text(_elide(cell, limit) if column.path else cell) for column, cell in cells))
    console.print(Padding(grid, (0, 0, 0, 1)))


def _path_limit(table: Table, width: int) -> int:
    """Return how long the cells of the path column may be for the table to fit."""
    cells = [[*column.header.split("\n"), *(row[i] for row in table.rows)] for i, column in enumerate(table.columns)]
    taken = sum(max(map(len, own)) for own, column in zip(cells, table.columns, strict=True) if not column.path)
    return max(_LEAST_PATH, width - 2 - 2 * len(table.columns) - taken)


def _elide(name: str, limit: int) -> str:
    """Shorten a name at its end."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"
