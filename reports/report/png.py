"""The PNG writer: the hierarchical roofline, with a panel that holds shares of FLOPs against shares of time."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.record import Report
from memprof.reports.writer import RenderOptions


class PngWriter:
    """Draws one report, or several into one plot, as 1800 x 1050 pixels."""

    name = "png"
    extension = "png"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return the PNG; `options` change nothing."""
        from memprof.reports.roofline import figure

        return figure.draw(reports)
