"""Prints tables, paths in them shortened where they would be wider than the terminal, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable

from memprof.reports.parts import typeset
from memprof.reports.parts.eliding import elide_middle
from memprof.reports.parts.tables import Fact, Table

_PATH_IN_PIECES, _GROUP = 38, 31
_LEAST_PATH, _LEAST_WRAPPED = 8, 26


def print_table(console: Console, table: Table) -> None:
    """Print a table, its paths as long as fits."""
    typeset.whole_table(console, _shortened(table, path_limit(table, console.width)))


def print_pieces(console: Console, table: Table, groups: Sequence[int]) -> None:
    """Print a table with short paths; where that is too wide, as several, cut between `groups` (see typeset.table)."""
    limit = max(path_limit(table, console.width), min(_PATH_IN_PIECES, console.width - _GROUP))
    typeset.table(console, _shortened(table, limit), groups)


def print_facts(console: Console, facts: Sequence[Fact]) -> None:
    """Print totals, each with its remark."""
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    for fact in facts:
        value, remark = typeset.text(fact.value, typeset.STRONG), typeset.text(fact.remark, typeset.FAINT)
        grid.add_row(typeset.text(fact.name), value, remark)
    console.print(Padding(grid, (0, 0, 0, 2)))


def _shortened(table: Table, limit: int) -> Table:
    rows = []
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        rows.append(tuple(elide_middle(cell, limit) if column.path else cell for column, cell in cells))
    return replace(table, rows=tuple(rows))


def path_limit(table: Table, width: int) -> int:
    """Return how long paths may be for the table to fit: the longest allowance that all path columns can share."""
    cells = [
        [*column.header.split("\n"), *(row[index] for row in table.rows)] for index, column in enumerate(table.columns)
    ]
    longest_cell = (_LEAST_WRAPPED if column.wraps else width for column in table.columns)
    widths = [min(most, max(map(len, column))) for most, column in zip(longest_cell, cells, strict=True)]
    paths = [widths[index] for index, column in enumerate(table.columns) if column.path]
    room = width - 2 * len(widths) - 2 - sum(widths) + sum(paths)
    longest = range(max(paths, default=0), _LEAST_PATH, -1)
    return next((limit for limit in longest if _fits(paths, limit, room)), _LEAST_PATH)


def _fits(paths: Sequence[int], limit: int, room: int) -> bool:
    return sum(min(path, limit) for path in paths) <= room
