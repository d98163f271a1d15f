"""The page of an explanation: a waterfall from one model's time to the other's, or what changes would save."""

from __future__ import annotations

from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import difference_page, losses_page
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions
from memprof.whatif.savings import Losses

EXTENSION = "html"


def render(explained: Explanation | Losses, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    if isinstance(explained, Explanation):
        return write(difference_page.page(explained))
    return write(losses_page.page(explained))
