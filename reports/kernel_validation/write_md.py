"""The Markdown writer of a validation of kernels."""

from __future__ import annotations

from memprof.reports.kernel_validation.document import document
from memprof.reports.parts import markdown
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelValidation

EXTENSION = "md"


def render(validation: KernelValidation, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8 with the `options.top` rows that are furthest off; 0 shows as many as suit the file."""
    return markdown.lay_out(document(validation, options.top or None)).encode()
