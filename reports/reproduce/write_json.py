"""The JSON writer of a reproduction: the record itself."""

from __future__ import annotations

from memprof.papers.reproduction import Reproduction
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(reproduction: Reproduction, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return reproduction.to_json().encode()
