"""The PNG writer: the hierarchical roofline, with a panel that holds shares of FLOPs against shares of time."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.report.digest import Digest
from memprof.reports.roofline import figure
from memprof.reports.writer import RenderOptions

EXTENSION = "png"


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return the PNG; `options` change nothing."""
    return figure.draw(digests)
