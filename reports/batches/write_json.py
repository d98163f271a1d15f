"""The JSON writer of a model at many batch sizes: the record itself."""

from __future__ import annotations

from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batches

EXTENSION = "json"


def render(batches: Batches, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return batches.to_json().encode()
