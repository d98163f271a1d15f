"""The JSON writer of a comparison: the record itself."""

from __future__ import annotations

from memprof.comparisons.models import Comparison
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(comparison: Comparison, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return comparison.to_json().encode()
