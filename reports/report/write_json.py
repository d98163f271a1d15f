"""The JSON writer: the report itself, memprof's contract."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.record import Report, dump_reports
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(reports: Sequence[Report], options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return dump_reports(reports).encode()
