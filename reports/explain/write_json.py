"""The JSON writer of an explanation: the record itself."""

from __future__ import annotations

from memprof.comparisons.explanation import Explanation
from memprof.reports.writer import RenderOptions
from memprof.whatif.savings import Losses

EXTENSION = "json"


def render(explained: Explanation | Losses, options: RenderOptions) -> bytes:
    """Return JSON in UTF-8."""
    return explained.to_json().encode()
