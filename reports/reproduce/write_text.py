"""The text writer of a reproduction: what a terminal shows."""

from __future__ import annotations

from memprof.papers.reproduction import Reproduction
from memprof.reports.parts.document_text import lay_out
from memprof.reports.reproduce import tables
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"


def render(reproduction: Reproduction, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    return lay_out(tables.document(reproduction), options).encode()
