"""A trace beside a simulation, and the ranks of a run, as CSV: base units, full precision, a header."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units
from memprof.comparisons.alignment import Alignment
from memprof.comparisons.ranks import Rank
from memprof.reports.parts.csv_text import csv_text

_ALIGNED = (
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
_RANKS = tuple(Rank.__dataclass_fields__)


def alignment(found: Alignment) -> bytes:
    """Return a line for each kind of call, longest measured time first; a side without it has an empty cell."""
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
        for row in found.rows
    ]
    return csv_text(_ALIGNED, rows).encode()


def ranks(found: Sequence[Rank]) -> bytes:
    """Return a line for each rank."""
    return csv_text(_RANKS, [[getattr(rank, name) for name in _RANKS] for rank in found]).encode()
