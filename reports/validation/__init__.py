"""Writers of a validation of throughputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.validation.records import Validation

WRITERS: Writers[Validation] = Writers(__name__, "memprof validate")
