"""The text writer of a frontier: what a terminal shows."""

from __future__ import annotations

from memprof.frontier.records import Frontier
from memprof.reports.pareto import tables
from memprof.reports.parts.document_text import lay_out
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"


def render(found: Frontier, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    return lay_out(tables.document(found), options).encode()
