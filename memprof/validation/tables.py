"""Tables of measurements as they lie in CSV files: cells as text, each row with the line it starts on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from memprof.errors import MemprofError, did_you_mean


class MeasurementError(MemprofError):
    """A file of measurements that cannot be read, or of which nothing can be predicted."""


class RowError(Exception):
    """One row that cannot be predicted; its text says why, for a reader of the file. The other rows go on."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands in the file: `line` counts from 1, the header's; `defect` says why it cannot be read."""

    line: int
    cells: tuple[str, ...]
    defect: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file: `name` for readers, the header's `columns` as they are written there, and the rows below it."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def position(self, column: str) -> int | None:
        """Return where a column is, whatever its case; None where the table has none of that name."""
        return _positions(self.columns).get(_fold(column))

    def cell(self, row: Row, column: str, default: str = "") -> str:
        """Return the text of a cell, stripped; `default` where it is empty or the column is not there."""
        position = self.position(column)
        text = row.cells[position].strip() if position is not None and position < len(row.cells) else ""
        return text or default

    def require(self, columns: Sequence[str]) -> None:
        """Raise MeasurementError unless the table has all these columns."""
        missing = [column for column in columns if self.position(column) is None]
        if not missing:
            return
        names = ", ".join(missing)
        what = f"{self.name} lacks the column{'s' * (len(missing) > 1)} {names}"
        if len(self.columns) == 1 and any(mark in self.columns[0] for mark in ";\t|"):
            raise MeasurementError(what, "separate the values of a line by commas")
        unknown = [column for column in self.columns if _fold(column) not in map(_fold, columns)]
        close = did_you_mean(missing[0], unknown) if unknown else ""
        hint = f" ({missing[0]}: {close})" if close.startswith("did you mean") else ""
        raise MeasurementError(what, f"the first line must name {', '.join(columns)}{hint}")


def read_table(path: Path) -> Table:
    """Read a CSV file; MeasurementError where it is no readable table at all."""
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"cannot read {path}: {error.strerror or error}"
        raise MeasurementError(what, "name a CSV file of measurements") from error
    return parse_table(content, str(path))


def parse_table(content: bytes, name: str) -> Table:
    """Return the table in `content`; a row that cannot be read keeps its line and says what is wrong with it."""
    if b"\0" in content:
        raise MeasurementError(f"{name} holds NUL bytes: it is no CSV file", "save it as CSV in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MeasurementError(f"{name} is not UTF-8 text (line {line})", "save it as CSV in UTF-8") from error
    rows = list(_rows(text))
    if not rows:
        raise MeasurementError(f"{name} is empty", "name a CSV file of measurements")
    header = rows[0]
    columns = tuple(cell.strip() for cell in header.cells)
    if header.defect or not all(columns):
        reason = header.defect or "a column has no name"
        raise MeasurementError(
            f"{name}: line {header.line}, the header: {reason}", "name every column in the first line"
        )
    double = next((column for column in columns if [_fold(name) for name in columns].count(_fold(column)) > 1), None)
    if double is not None:
        raise MeasurementError(f"{name} has two columns {double!r}", "keep one of them")
    return Table(name, columns, tuple(_check_width(row, len(columns)) for row in rows[1:]))


def _rows(text: str) -> Iterator[Row]:
    """Yield the rows that are not blank. After a fault inside a row, reading goes on with the next line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, (), f"not readable as CSV: {_describe(error)}")
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, tuple(cells))


def _describe(error: csv.Error) -> str:
    text = str(error)
    return "a quotation mark is not closed" if text == "unexpected end of data" else text


def _check_width(row: Row, columns: int) -> Row:
    if row.defect or len(row.cells) == columns:
        return row
    values = f"{len(row.cells)} value{'s' * (len(row.cells) != 1)}"
    return Row(row.line, row.cells, f"{values} where the header names {columns} columns")


@cache
def _positions(columns: tuple[str, ...]) -> Mapping[str, int]:
    return {_fold(column): place for place, column in enumerate(columns)}


def _fold(column: str) -> str:
    return column.strip().casefold()
