"""The JSON writer of an ablation: the record itself."""

from __future__ import annotations

from memprof.reports.writer import RenderOptions
from memprof.whatif.ablation import Ablation

EXTENSION = "json"


def render(ablation: Ablation, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return ablation.to_json().encode()
