"""The JSON writer of an alignment: the record itself."""

from __future__ import annotations

from memprof.comparisons.alignment import Alignment
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(alignment: Alignment, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return alignment.to_json().encode()
