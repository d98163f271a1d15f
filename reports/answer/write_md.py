"""The Markdown writer of an answer: a table."""

from __future__ import annotations

from memprof.reports.answer.tables import document
from memprof.reports.parts.markdown import sentences, table
from memprof.reports.writer import RenderOptions
from memprof.sweeps.answers import Answer

EXTENSION = "md"


def render(answer: Answer, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8."""
    (section,) = document(answer).sections
    return "\n".join([*table(section.table), *(sentences(section.notes) if section.notes else ())]).encode()
