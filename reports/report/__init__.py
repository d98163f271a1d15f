"""Writers of a report: page, terminal text, Markdown, CSV, JSON, picture."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.record import Report
from memprof.reports.writer import Writers

WRITERS: Writers[Sequence[Report]] = Writers(__name__)
