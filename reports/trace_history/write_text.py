"""The text writer of what a set of traces says: tables for the terminal."""

from __future__ import annotations

from memprof.reports.parts.document_text import lay_out
from memprof.reports.trace_history.tables import document
from memprof.reports.writer import RenderOptions
from memprof.sweeps.trace_history import TraceHistory

EXTENSION = "txt"


def render(history: TraceHistory, options: RenderOptions) -> bytes:
    """Return text in UTF-8."""
    return lay_out(document(history), options).encode()
