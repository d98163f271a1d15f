"""Writers of a gallery: the index of the pages of models on devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.whatif.gallery import Gallery

WRITERS: Writers[Gallery] = Writers(__name__, "memprof gallery")
