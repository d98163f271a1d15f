"""The Markdown writer of a frontier, in GitHub's flavour."""

from __future__ import annotations

from memprof.frontier.records import Frontier
from memprof.reports.pareto import tables
from memprof.reports.parts.markdown import lay_out
from memprof.reports.writer import RenderOptions

EXTENSION = "md"


def render(found: Frontier, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8."""
    return lay_out(tables.document(found)).encode()
