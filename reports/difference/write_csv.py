"""The CSV writer of a difference between traces: a line for each change, in base units and full precision."""

from __future__ import annotations

from memprof.comparisons.changes import Change, TraceDifference
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions

EXTENSION = "csv"
_COLUMNS = tuple(Change.__dataclass_fields__)


def render(difference: TraceDifference, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8: the lines of each `table` sum to the difference; a side without the name has empty cells."""
    tables = ("operators", difference.operators), ("modules", difference.modules)
    rows = [[table, *(getattr(item, name) for name in _COLUMNS)] for table, items in tables for item in items]
    return csv_text(("table", *_COLUMNS), rows).encode()
