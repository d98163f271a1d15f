"""The Markdown writer of a trace held against a simulation."""

from __future__ import annotations

from memprof.reports.parts import markdown
from memprof.reports.trace_validation.document import document
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import TraceValidation

EXTENSION = "md"


def render(validation: TraceValidation, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8 with the `options.top` rows that are furthest off; 0 shows as many as suit the file."""
    return markdown.lay_out(document(validation, options.top or None)).encode()
