"""Writers of a trace beside a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.comparisons.alignment import Alignment

WRITERS: Writers[Alignment] = Writers(__name__, "memprof trace")
