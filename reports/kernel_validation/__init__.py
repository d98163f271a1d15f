"""Writers of a validation of single kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.validation.kernels import KernelValidation

WRITERS: Writers[KernelValidation] = Writers(__name__, "memprof validate")
