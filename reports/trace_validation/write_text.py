"""The text writer of a trace held against a simulation: what a terminal shows."""

from __future__ import annotations

from memprof.reports.parts import document_text
from memprof.reports.trace_validation.document import document
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import TraceValidation

EXTENSION = "txt"
_WIDE = 110
"""Columns from which tables have more."""


def render(validation: TraceValidation, options: RenderOptions) -> bytes:
    """Return the text in UTF-8 with the `options.top` rows that are furthest off; 0 shows as many as suit the trace."""
    content = document(validation, options.top or None, wide=options.width >= _WIDE)
    return document_text.lay_out(content, options).encode()
