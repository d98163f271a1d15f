"""Writers of the difference between two traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.comparisons.changes import TraceDifference

WRITERS: Writers[TraceDifference] = Writers(__name__, "memprof trace --against")
