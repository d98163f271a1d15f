"""Reading a CSV file of Nsight Compute: a row per metric as `ncu --csv` prints it, or per kernel with `--page raw`."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from memprof.counters.metrics import DURATION, NO_METRICS, RECORD_AGAIN, UNITS, level_bytes
from memprof.counters.quantities import decimal_mark, exponent, is_absent, read_number
from memprof.counters.records import Counters, KernelCounters, Size
from memprof.counters.tables import ID, KERNEL, METRIC, UNIT, VALUE, Row, Table
from memprof.errors import CountersError
from memprof.vocabulary import MEMORY_LEVELS

_LARGEST = Decimal("1e30")
_LANGUAGE = "print it again with LC_ALL=C set"


@dataclass(frozen=True, slots=True)
class _Cell:
    """What the file says of a metric, and where."""

    text: str
    unit: str
    line: int


@dataclass(slots=True)
class _Run:
    """One run of a kernel while the file is read."""

    row: Row
    cells: dict[str, _Cell] = field(default_factory=dict)


@dataclass(slots=True)
class _Marks:
    """Which decimal mark the file's numbers have, with the line that tells."""

    table: Table
    mark: str = "."
    line: int | None = None

    def see(self, text: str, line: int) -> None:
        if text.isdecimal() or (mark := decimal_mark(text)) is None:
            return
        if self.line is not None and mark != self.mark:
            what = f"{text} is written in another way than line {self.line}: one of them has its comma for a point"
            raise self.table.error(what, _LANGUAGE, line)
        self.mark, self.line = mark, line


def read_counters(path: Path) -> Counters:
    """Read the counters of a run from a CSV file; CountersError says what is wrong with it and in which line.

    `ncu --csv` in its long form (a row per metric) and `ncu --csv --page raw` (a row per kernel) are read, whatever
    stands before them.
    """
    with _open(path) as table:
        marks = _Marks(table)
        runs = list((_read_long if table.is_long else _read_wide)(table, marks))
        if not runs:
            raise table.error("the table has no rows: ncu profiled no kernel", RECORD_AGAIN)
        kernels = tuple(_kernel(run, table, marks.mark) for run in runs)
    if all(kernel.bytes_at(level) is None for kernel in kernels for level in MEMORY_LEVELS):
        has_cells = any(metric != DURATION for run in runs for metric in run.cells)
        raise table.error("no values of the metrics that memprof reads" if has_cells else NO_METRICS, RECORD_AGAIN)
    return Counters(str(path), kernels)


@contextmanager
def _open(path: Path) -> Iterator[Table]:
    if path.is_dir():
        raise CountersError(f"{path} is a directory", "give the CSV file that ncu wrote")
    try:
        with path.open("rb") as file:
            is_wide = file.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as PowerShell writes
            encoding = "utf-16" if is_wide else "utf-8-sig"
            with io.TextIOWrapper(file, encoding, errors="replace", newline="") as text:
                yield Table(path, text)
    except OSError as error:
        raise CountersError(f"cannot read {path}: {error.strerror or error}", "give the CSV file of ncu") from error


def _read_long(table: Table, marks: _Marks) -> Iterable[_Run]:
    runs: dict[tuple[str | None, str], _Run] = {}
    for row in table.rows():
        name, text = row.cells[METRIC], row.cells[VALUE]
        key = row.cells.get("Process ID"), row.cells[ID]
        run = runs.get(key) or runs.setdefault(key, _Run(row))
        if run.row.cells[KERNEL] != row.cells[KERNEL]:
            what = f"ID {key[1]} is both {_short_name(run.row)} (line {run.row.line}) and {_short_name(row)}"
            raise table.error(what, "give the counters of one run", row.line)
        marks.see(text, row.line)
        if name in UNITS:
            run.cells.setdefault(name, _Cell(text, row.cells[UNIT].strip(), row.line))
    return runs.values()


def _read_wide(table: Table, marks: _Marks) -> Iterable[_Run]:
    rows = table.rows()
    units = next(rows, None)
    if units is None:
        return
    if units.cells[ID].strip():
        raise table.error("the row with the units is missing below the header", RECORD_AGAIN, units.line)
    names = [name for name in table.columns if name in UNITS]
    told = [name for name in table.columns if "__" in name]
    for row in rows:
        for name in told:
            marks.see(row.cells[name], row.line)
        cells = {name: _Cell(row.cells[name], units.cells[name].strip(), row.line) for name in names}
        yield _Run(row, cells)


def _kernel(run: _Run, table: Table, mark: str) -> KernelCounters:
    amounts = {}
    for metric, cell in run.cells.items():
        if not is_absent(cell.text):
            amounts[metric] = _amount(run, metric, cell, table, mark)
    dram, l2, l1 = (_float(level_bytes(level, amounts)) for level in MEMORY_LEVELS)
    cells = run.row.cells
    return KernelCounters(
        cells[KERNEL],
        _size(cells.get("Grid Size")),
        _size(cells.get("Block Size")),
        dram,
        l2,
        l1,
        _float(amounts.get(DURATION)),
    )


def _amount(run: _Run, metric: str, cell: _Cell, table: Table, mark: str) -> Decimal:
    """Return an amount in base units."""

    def error(what: str, remedy: str = RECORD_AGAIN) -> CountersError:
        return table.error(f"{metric} of {_short_name(run.row)} {what}", remedy, cell.line)

    try:
        value = read_number(cell.text, mark)
    except ValueError:
        raise error(f"is no number: {cell.text[:40]!r}") from None
    if value < 0:
        raise error(f"is below zero: {cell.text}")
    try:
        value = value.scaleb(exponent(cell.unit, UNITS[metric]))
    except LookupError:
        what = f"is in {cell.unit!r}, which is no unit of {UNITS[metric]}"
        raise error(what, "print it with --print-units base") from None
    if value > _LARGEST:
        raise error(f"cannot be {cell.text} {cell.unit}".rstrip())
    return value


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _size(text: str | None) -> Size | None:
    """Return a size such as "(256, 1, 1)", None where the text is none."""
    match = re.fullmatch(r"\(?\s*(\d{1,10})\s*,\s*(\d{1,10})\s*,\s*(\d{1,10})\s*\)?", text or "")
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _short_name(row: Row) -> str:
    name = row.cells[KERNEL]
    return name if len(name) <= 60 else f"{name[:59]}…"
