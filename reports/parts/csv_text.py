"""Tables for other programs: CSV with one header, as everything that memprof writes for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from memprof.reports.parts.harmless import csv_cell


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV text; None becomes an empty cell, and no cell a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows(map(csv_cell, row) for row in (header, *rows))
    return buffer.getvalue()
