"""Differences between two times in a terminal: as bars to both sides of zero, in a table's last column."""

from __future__ import annotations

from collections.abc import Sequence

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.padding import Padding

from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Table

_MORE, _LESS = "red", "green"
_BAR = 12
"""Columns of a bar, half of them to each side of zero."""


def print_bars(console: Console, table: Table, differences: Sequence[float]) -> None:
    """Print a table with a bar for each of its first rows' differences: to the right where it is positive."""
    grid = typeset.start_grid(table)
    room = console.width - width_of(table) - 2
    length = min(24, max(0, room) // 2 * 2)
    if length >= _BAR:
        grid.add_column(typeset.text(f"{'less':>{length // 2}}{'':1}more"), no_wrap=True)
    largest = max(map(abs, differences), default=0.0)
    for index, row in enumerate(table.rows):
        cells: list[RenderableType] = [typeset.text(cell) for cell in row]
        if length >= _BAR and index < len(differences):
            cells.append(_bar(differences[index], largest, length // 2))
        grid.add_row(*cells, end_section=index + 1 in table.sections)
    console.print(Padding(grid, (0, 0, 0, 1)))


def width_of(table: Table) -> int:
    """Return the columns that a table takes up."""
    cells = [[column.header, *(row[index] for row in table.rows)] for index, column in enumerate(table.columns)]
    return 1 + sum(max(map(len, column)) + 2 for column in cells)


def _bar(value: float, largest: float, half: int) -> Bar:
    """Draw a difference as a bar from the middle, of at most `half` columns, in eighths of one."""
    length = round(abs(value) / largest * half * 8) if largest else 0
    begin, end = (8 * half - length, 8 * half) if value < 0 else (8 * (half + 1), 8 * (half + 1) + length)
    width = -(-end // 8)
    return Bar(8 * width, begin, end, width=width, color=_LESS if value < 0 else _MORE)
