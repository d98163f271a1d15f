"""The text writer of an answer: a table for the terminal."""

from __future__ import annotations

from memprof.reports.answer.tables import document
from memprof.reports.parts.document_text import lay_out
from memprof.reports.writer import RenderOptions
from memprof.sweeps.answers import Answer

EXTENSION = "txt"


def render(answer: Answer, options: RenderOptions) -> bytes:
    """Return text in UTF-8."""
    return lay_out(document(answer), options).encode()
