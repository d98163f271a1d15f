"""The JSON writer of a difference between traces: the record itself."""

from __future__ import annotations

from memprof.comparisons.changes import TraceDifference
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(difference: TraceDifference, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return difference.to_json().encode()
