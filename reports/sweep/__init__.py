"""Writers of a sweep over one option of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.whatif.sweep import Sweep

WRITERS: Writers[Sweep] = Writers(__name__, "memprof ablate")
