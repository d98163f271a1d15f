"""Writers of a comparison of models and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.comparisons.models import Comparison

WRITERS: Writers[Comparison] = Writers(__name__, "memprof compare")
