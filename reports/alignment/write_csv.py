"""The CSV writer of an alignment: a line for each kind of call, in base units and full precision."""

from __future__ import annotations

from memprof import units
from memprof.comparisons.alignment import Alignment
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions

EXTENSION = "csv"
_COLUMNS = (
    "operator",
    "phase",
    "shapes",
    "measured_calls",
    "simulated_calls",
    "measured_seconds",
    "predicted_seconds",
    "roofline_seconds",
    "ratio",
)


def render(alignment: Alignment, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8, longest measured time first; a side without a call has an empty cell."""
    rows = [
        (
            row.operator,
            row.phase,
            units.shapes(row.shapes),
            row.measured_calls,
            row.simulated_calls,
            row.measured_seconds,
            row.predicted_seconds,
            row.roofline_seconds,
            row.ratio,
        )
        for row in alignment.rows
    ]
    return csv_text(_COLUMNS, rows).encode()
