"""The JSON writer of what a set of traces says: the record itself."""

from __future__ import annotations

from memprof.report.json_text import indented_json
from memprof.reports.writer import RenderOptions
from memprof.sweeps.trace_history import TraceHistory

EXTENSION = "json"


def render(history: TraceHistory, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return indented_json(history)
