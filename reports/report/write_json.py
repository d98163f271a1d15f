"""The JSON writer: the report itself, memprof's contract."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.digest import Digest
from memprof.report.reading import dump_reports
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return dump_reports([digest.report for digest in digests]).encode()
