"""The JSON writer of a suite's run: the record itself."""

from __future__ import annotations

from memprof.reports.writer import RenderOptions
from memprof.suite.records import Suite

EXTENSION = "json"


def render(suite: Suite, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return suite.to_json().encode()
