"""Writers of what a set of traces says over time: workloads, changes, outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.sweeps.trace_history import TraceHistory

WRITERS: Writers[TraceHistory] = Writers(__name__, "memprof trace")
