"""The Markdown writer of what a set of traces says."""

from __future__ import annotations

from memprof.reports.parts.markdown import lay_out
from memprof.reports.trace_history.tables import document
from memprof.reports.writer import RenderOptions
from memprof.sweeps.trace_history import TraceHistory

EXTENSION = "md"


def render(history: TraceHistory, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8."""
    return lay_out(document(history)).encode()
