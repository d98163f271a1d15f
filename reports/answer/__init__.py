"""Writers of an answer to a question about a sweep: one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.sweeps.answers import Answer

WRITERS: Writers[Answer] = Writers(__name__, "memprof query")
