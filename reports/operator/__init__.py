"""Writers of the study of one operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.whatif.operators import Study

WRITERS: Writers[Study] = Writers(__name__, "memprof operator")
