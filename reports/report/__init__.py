"""Writers of a report: page, terminal text, Markdown, CSV, JSON, picture."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.digest import Digest, digests
from memprof.report.record import Report
from memprof.reports.writer import Writers

WRITERS: Writers[Sequence[Report | Digest]] = Writers(__name__, prepare=digests)
"""They take digests; given reports they digest them."""
