"""A file of measurements as CSV, with columns added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof.reports.parts.csv_text import csv_text
from memprof.validation.tables import Row, Table


def add_columns(table: Table, added: Sequence[str], rows: Iterable[tuple[Row, Sequence[object]]]) -> bytes:
    """Return CSV in UTF-8; of the table's own columns those are left out that are added."""
    kept = [place for place, column in enumerate(table.columns) if column not in added]
    header = [*(table.columns[place] for place in kept), *added]
    return csv_text(header, [[*_cells(table, row, kept), *values] for row, values in rows]).encode()


def _cells(table: Table, row: Row, places: Sequence[int]) -> list[str]:
    cells = [*row.cells, *[""] * len(table.columns)]  # a line may end early
    return [cells[place] for place in places]
