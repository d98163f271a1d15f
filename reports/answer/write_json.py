"""The JSON writer of an answer: the record itself."""

from __future__ import annotations

from memprof.report.json_text import indented_json
from memprof.reports.writer import RenderOptions
from memprof.sweeps.answers import Answer

EXTENSION = "json"


def render(answer: Answer, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return indented_json(answer)
