"""Writers of a trace held against the simulation of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.validation.trace_records import TraceValidation

WRITERS: Writers[TraceValidation] = Writers(__name__, "memprof validate")
