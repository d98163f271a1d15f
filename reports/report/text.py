"""The text writer: what the terminal shows."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.record import Report
from memprof.reports.writer import RenderOptions


class TextWriter:
    """Writes for a terminal of `options.width` columns; plain text unless `options.color`."""

    name = "text"
    extension = "txt"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return UTF-8 text that ends in a newline."""
        from memprof.reports.report import terminal

        return terminal.render(reports, options).encode()
