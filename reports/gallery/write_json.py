"""The JSON writer of a gallery: the record itself."""

from __future__ import annotations

from memprof.reports.writer import RenderOptions
from memprof.whatif.gallery import Gallery

EXTENSION = "json"


def render(gallery: Gallery, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return gallery.to_json().encode()
