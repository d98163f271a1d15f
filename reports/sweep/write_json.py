"""The JSON writer of a sweep: the record itself."""

from __future__ import annotations

from memprof.reports.writer import RenderOptions
from memprof.whatif.sweep import Sweep

EXTENSION = "json"


def render(sweep: Sweep, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return sweep.to_json().encode()
