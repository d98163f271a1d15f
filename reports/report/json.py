"""The JSON writer: the report itself, memprof's contract."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.record import Report, dump_reports
from memprof.reports.writer import RenderOptions


class JsonWriter:
    """Writes one report as its JSON, several as a report set."""

    name = "json"
    extension = "json"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return JSON in UTF-8."""
        return dump_reports(reports).encode()
