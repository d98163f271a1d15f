"""Lays a validation out for a terminal, with rich; plain text where colour is not wanted."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof.reports.tables import Table
from memprof.reports.validation_document import Document, Section

WIDE = 110
"""Columns from which tables have more."""
_NARROWEST, _LEAST_PATH, _MOST_WHAT = 60, 8, 32
_HEADING, _FAINT, _STRONG = "bold cyan", "dim", "bold"


def render(document: Document, width: int, *, color: bool) -> str:
    """Return the text of a document for a terminal of `width` columns."""
    console = Console(
        file=io.StringIO(), width=max(_NARROWEST, width), force_terminal=color,
        color_system="standard" if color else None, legacy_windows=False, markup=False, emoji=False, highlight=False,
    )  # fmt: skip
    console.print(_text(document.title, _STRONG))
    for sentence in document.sentences:
        console.print(_text(sentence))
    for section in document.sections:
        console.print()
        console.print(_text(section.table.title, _HEADING))
        _table(console, section)
        for note in section.notes:
            console.print(Padding(_text(note, _FAINT), (0, 0, 0, 1)))
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def _table(console: Console, section: Section) -> None:
    table = section.table
    grid = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style=_FAINT, padding=(0, 1, 0, 0))
    for index, column in enumerate(table.columns):
        wraps = section.wraps and index == len(table.columns) - 1
        justify = "right" if column.number else "left"
        grid.add_column(_text(column.header), justify=justify, no_wrap=not wraps, overflow="fold")  # type: ignore[arg-type]
    limit = _MOST_WHAT if section.wraps else _path_limit(table, console.width)
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        grid.add_row(*(_text(_elide(cell, limit) if column.path else cell) for column, cell in cells))
    console.print(Padding(grid, (0, 0, 0, 1)))


def _path_limit(table: Table, width: int) -> int:
    """Return how long the cells of the path column may be for the table to fit."""
    cells = [[*column.header.split("\n"), *(row[i] for row in table.rows)] for i, column in enumerate(table.columns)]
    taken = sum(
        max(map(len, own)) for own, column in zip(cells, table.columns, strict=True) if not column.path
    )  # fmt: skip
    return max(_LEAST_PATH, width - 2 - 2 * len(table.columns) - taken)


def _elide(name: str, limit: int) -> str:
    """Shorten a name at its end."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def _text(content: str, style: str = "") -> Text:
    """Return text as it stands: no markup, and no control characters that a file could smuggle into a terminal."""
    return Text("".join(char if char.isprintable() or char == "\n" else "�" for char in content), style=style)
