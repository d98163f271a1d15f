"""Writers of a suite's run: the files that validation reads, and what a terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.suite.records import Suite

WRITERS: Writers[Suite] = Writers(__name__, "memprof measure --suite")
