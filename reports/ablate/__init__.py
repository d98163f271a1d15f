"""Writers of an ablation: variants of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.whatif.ablation import Ablation

WRITERS: Writers[Ablation] = Writers(__name__, "memprof ablate")
