"""The Markdown writer of a reproduction, in GitHub's flavour."""

from __future__ import annotations

from memprof.papers.reproduction import Reproduction
from memprof.reports.parts.markdown import lay_out
from memprof.reports.reproduce import tables
from memprof.reports.writer import RenderOptions

EXTENSION = "md"


def render(reproduction: Reproduction, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8."""
    return lay_out(tables.document(reproduction)).encode()
