"""Writers of a report: page, terminal text, Markdown, CSV, JSON, picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.report.digest import Digest
    from memprof.report.record import Report


def _digest(reports: Sequence[Report | Digest]) -> Sequence[Digest]:
    from memprof.report.digest import digests  # as late as a writer: commands list formats in their help

    return digests(reports)


WRITERS: Writers[Sequence[Report | Digest]] = Writers(__name__, prepare=_digest)
"""They take digests; given reports they digest them."""
