"""The CSV writer of ranks: a line for each, in base units and full precision."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.comparisons.ranks import Rank
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions

EXTENSION = "csv"
_COLUMNS = tuple(Rank.__dataclass_fields__)


def render(ranks: Sequence[Rank], options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    return csv_text(_COLUMNS, [[getattr(rank, name) for name in _COLUMNS] for rank in ranks]).encode()
