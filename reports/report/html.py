"""The HTML writer: one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.record import Report
from memprof.reports.writer import RenderOptions


class HtmlWriter:
    """Writes a page that needs nothing but itself: no network, no other file."""

    name = "html"
    extension = "html"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return HTML in UTF-8 with the report's JSON inside, so that the page can be rendered again."""
        from memprof.reports.report import page

        return page.render(reports, options).encode()
