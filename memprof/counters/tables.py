"""The table in what Nsight Compute printed: found among messages and the program's own output, every row checked."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from memprof.counters.metrics import RECORD_AGAIN
from memprof.errors import CountersError

KERNEL, ID, METRIC, VALUE, UNIT = "Kernel Name", "ID", "Metric Name", "Metric Value", "Metric Unit"
LOG_FILE = "let ncu write it: --csv --log-file counters.csv"

_LONGEST_LINE = 1 << 20
_LONGEST_CELL = 10_000
_FIRST_LINES = 50
_REPORT_MAGIC = "NVR"
_MESSAGE = "=="
"""Lines of ncu itself begin with this, such as "==PROF== Connected to process 7"."""
_COMPLAINTS = ("==ERROR==", "==WARNING==")
_NOT_PERMITTED = "ERR_NVGPUCTRPERM"
FROM_REPORT = "print it: ncu --import FILE.ncu-rep --csv --page raw > counters.csv"
_OTHER_TOOLS = {
    "an nvprof file": ("nvprof", "invocations,metric name", "time(%)"),
    "a file of Nsight Systems (nsys)": ("total time (ns)", "start (ns)"),
    "a file of AMD's rocprof": ("kernelname", "kernel_name", "dispatch_id"),
    "a trace of torch.profiler": ("traceevents", "schemaversion"),
    "a report of memprof": ("memprof.report",),
}
"""By what is said of it, what only a file of another tool holds in its first lines; without case or quotes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table by its columns; `line` counts from 1 in the file."""

    line: int
    cells: Mapping[str, str]


class Table:
    """The table of a file, read row by row; every error names the file and the line."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        self._line = 0
        self._text = ""
        self._lines = self._numbered(file)
        self.columns: Sequence[str] = self._header()

    @property
    def is_long(self) -> bool:
        """Tell whether each row holds one metric; else each row holds one kernel, and the first the units."""
        return METRIC in self.columns

    def error(self, what: str, remedy: str, line: int | None = None) -> CountersError:
        """Return an error about the file, or about one line of it."""
        where = f"{self.path}, line {line}" if line is not None else str(self.path)
        return CountersError(f"{where}: {what}", remedy)

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header; CountersError where one is malformed."""
        rows = csv.reader((line for line in self._lines if line.strip() and not line.startswith(_MESSAGE)), strict=True)
        width = len(self.columns)
        while True:
            try:
                cells = next(rows, None)
            except csv.Error as error:
                raise self.error(f"not a row of a table: {error}", LOG_FILE, self._line) from error
            if cells is None:
                return
            if len(cells) != width or self._text.endswith(","):  # the end of a file that was cut off
                what = f"{len(cells)} of {width} columns: cut off, or mixed with the program's output"
                raise self.error(what, LOG_FILE, self._line)
            if cells == self.columns:
                raise self.error("a second table begins", "give the counters of one run", self._line)
            yield Row(self._line, dict(zip(self.columns, cells, strict=True)))

    def _numbered(self, file: TextIO) -> Iterator[str]:
        while line := file.readline(_LONGEST_LINE):
            self._line, self._text = self._line + 1, line
            yield line

    def _header(self) -> Sequence[str]:
        """Skip to the line that names the columns and return them."""
        first: list[str] = []
        complaint = ""
        for line in self._lines:
            if line.startswith(_MESSAGE):
                complaint = line.strip() if line.startswith(_COMPLAINTS) else complaint
            elif KERNEL in line and KERNEL in (columns := _cells(line)):
                return self._check(columns)
            if len(first) < _FIRST_LINES and line.strip():
                first.append(line[:_LONGEST_CELL])
        raise self._no_table("".join(first), complaint)

    def _check(self, columns: Sequence[str]) -> Sequence[str]:
        if tool := _other_tool(",".join(columns)):
            raise self.error(f"{tool}, not counters of Nsight Compute", RECORD_AGAIN)
        if "Invocations" in columns:
            raise self.error("a summary, which says nothing of single kernels", "print it without --print-summary")
        needed = (ID, VALUE, UNIT) if METRIC in columns else (ID,)
        missing = [column for column in needed if column not in columns]
        if missing:
            raise self.error(f"the table has no column {missing[0]!r}", FROM_REPORT, self._line)
        return columns

    def _no_table(self, first: str, complaint: str) -> CountersError:
        if not first:
            return self.error("the file is empty", RECORD_AGAIN)
        if first.startswith(_REPORT_MAGIC):
            return self.error("a report of Nsight Compute, not its CSV", FROM_REPORT)
        if _NOT_PERMITTED in complaint:
            return self.error(
                f"ncu was not permitted to read the counters ({_NOT_PERMITTED})",
                "run ncu as administrator, or let the driver permit it to all users",
            )
        if complaint:
            return self.error(f"ncu counted nothing; it says {complaint!r}", RECORD_AGAIN)
        if tool := _other_tool(first):
            return self.error(f"{tool}, not counters of Nsight Compute", RECORD_AGAIN)
        return self.error("no table of Nsight Compute", RECORD_AGAIN)


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:  # the program's own output may be anything
        return []


def _other_tool(text: str) -> str | None:
    """Return what the first lines of a file say it is, None where they are of no tool that memprof can tell."""
    text = text.lower().replace('"', "")
    return next((tool for tool, marks in _OTHER_TOOLS.items() if any(mark in text for mark in marks)), None)
