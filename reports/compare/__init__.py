"""Writers of `memprof compare`: models and devices side by side, as terminal text or a file."""

from __future__ import annotations

from memprof.comparisons.models import Comparison
from memprof.reports.parts.formats import Formats

STEM = "compare"
"""What its files are called, before the extension."""


def text(found: Comparison, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports.compare import write_text as terminal

    return terminal.render(found, width=width, color=color)


def _markdown(found: Comparison) -> bytes:
    from memprof.reports.compare import write_md as markdown

    return markdown.render(found).encode()


def _csv(found: Comparison) -> bytes:
    from memprof.reports.compare import write_csv as csv

    return csv.render(found).encode()


def _png(found: Comparison) -> bytes:
    from memprof.reports.compare import write_png as figure

    return figure.draw(found)


def _json(found: Comparison) -> bytes:
    return found.to_json().encode()


FORMATS: Formats[Comparison] = Formats("compare", {"md": _markdown, "csv": _csv, "png": _png, "json": _json})
