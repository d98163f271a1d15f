"""Writers of a model at many batch sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.whatif.batches import Batches

WRITERS: Writers[Batches] = Writers(__name__, "memprof roofline --batch-size with several values")
