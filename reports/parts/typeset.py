"""What all terminal texts are made of: headings, sentences, tables; with rich, plain where colour is not wanted."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof.report.record import ReportWarning
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.tables import Table

HEADING, FAINT, STRONG, WARNING = "bold cyan", "dim", "bold", "bold yellow"
_LEAST_WIDTH = 60
_LONGEST_SENTENCE = 100
_GAP = 2
"""Columns between two cells."""


def start(width: int, *, color: bool) -> Console:
    """Return a console that keeps what is printed on it, at least 60 columns wide."""
    return Console(
        file=io.StringIO(),
        width=max(_LEAST_WIDTH, width),
        force_terminal=color,
        legacy_windows=False,
        markup=False,
        color_system="standard" if color else None,
        emoji=False,
        highlight=False,
    )


def finish(console: Console) -> str:
    """Return what was printed, without blanks at the ends of lines."""
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def line(console: Console, content: str, style: str = "") -> None:
    """Print a line of text."""
    console.print(text(content, style))


def section(console: Console, title: str) -> None:
    """Print a heading after an empty line."""
    console.print()
    line(console, title, HEADING)


def note(console: Console, content: str) -> None:
    """Print a remark that belongs to the table above it."""
    console.print(Padding(text(content, FAINT), (0, 0, 0, 1)))


def sentences(console: Console, contents: Sequence[str], first: str = "") -> None:
    """Print sentences as a list, the first in the style `first`."""
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(max_width=_LONGEST_SENTENCE)
    for place, sentence in enumerate(contents):
        grid.add_row("•", text(sentence, first if place == 0 else ""))
    console.print(Padding(grid, (0, 0, 0, 2)))


def warnings(console: Console, contents: Sequence[ReportWarning]) -> None:
    """Print each warning with what to do about it."""
    for warning in contents:
        line(console, f"! {warning.message}", WARNING)
        console.print(Padding(text(f"→ {warning.remedy}"), (0, 0, 0, 2)))


def table(console: Console, shown: Table, groups: Sequence[int] = ()) -> None:
    """Print a table; where it is wider than the console, as several below one another, cut between `groups`.

    `groups` are how many columns belong together, from the second on; without them every column is one.
    """
    for index, piece in enumerate(pieces(shown, console.width - 1, groups)):
        if index:
            console.print()
        whole_table(console, piece)


def whole_table(console: Console, shown: Table) -> None:
    """Print a table as one, however wide."""
    grid = start_grid(shown)
    for place, row in enumerate(shown.rows):
        grid.add_row(*map(text, row), end_section=place + 1 in shown.sections)
    console.print(Padding(grid, (0, 0, 0, 1)))


def start_grid(shown: Table) -> RichTable:
    """Return a table for rich with the columns of `shown` and no rows yet."""
    grid = empty_grid()
    for column in shown.columns:
        justify = "right" if column.number else "left"
        grid.add_column(text(column.header), justify=justify, no_wrap=not column.wraps)  # type: ignore[arg-type]
    return grid


def empty_grid() -> RichTable:
    """Return a table for rich with a rule under its header, and nothing in it yet."""
    return RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style=FAINT, padding=(0, 1, 0, 0))


def pieces(shown: Table, width: int, groups: Sequence[int] = ()) -> list[Table]:
    """Cut a table into tables of at most `width` columns of text, each with the first column and at least one more.

    Groups of columns stay together; one that does not even fit alone is cut, too.
    """
    widths = [_width(shown, place) for place in range(len(shown.columns))]
    places = iter(range(1, len(shown.columns)))
    parts = [[next(places) for _ in range(size)] for size in groups or [1] * (len(shown.columns) - 1)]
    lines: list[list[int]] = []
    for part in parts:
        fits_alone = _fits([0, *part], widths, width)
        for piece in [part] if fits_alone else [[place] for place in part]:
            if lines and _fits([0, *lines[-1], *piece], widths, width):
                lines[-1] += piece
            else:
                lines.append(list(piece))
    return [_cut(shown, [0, *chosen]) for chosen in lines] or [shown]


def text(content: str, style: str = "") -> Text:
    """Return text as it stands: no markup, and no control characters that a name could smuggle into a terminal."""
    return Text(show_hidden(content), style=style)


def _width(shown: Table, place: int) -> int:
    cells = [*shown.columns[place].header.split("\n"), *(row[place] for row in shown.rows)]
    return max(map(cell_len, cells))


def _fits(places: Sequence[int], widths: Sequence[int], width: int) -> bool:
    return sum(widths[place] + _GAP for place in places) <= width


def _cut(shown: Table, places: Sequence[int]) -> Table:
    """Keep some of the columns."""
    rows = tuple(tuple(row[place] for place in places) for row in shown.rows)
    return replace(shown, columns=tuple(shown.columns[place] for place in places), rows=rows)
