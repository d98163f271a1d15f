"""The JSON writer of an operator's study: the record itself."""

from __future__ import annotations

from memprof.reports.writer import RenderOptions
from memprof.whatif.operators import Study

EXTENSION = "json"


def render(study: Study, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return study.to_json().encode()
