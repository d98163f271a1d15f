"""The CSV writer of an answer: the values as they are, in base units."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions
from memprof.sweeps.answers import Answer

EXTENSION = "csv"


def render(answer: Answer, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    return csv_text(answer.columns, answer.rows).encode()
