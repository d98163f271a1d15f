"""Writers of an explanation: a difference between two models, or one model's losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.comparisons.explanation import Explanation
    from memprof.whatif.savings import Losses

WRITERS: Writers[Explanation | Losses] = Writers(__name__, "memprof explain")
