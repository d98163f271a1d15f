"""The JSON writer of a frontier: the record itself."""

from __future__ import annotations

from memprof.frontier.records import Frontier
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(found: Frontier, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return found.to_json().encode()
