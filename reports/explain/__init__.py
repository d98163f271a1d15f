"""Writers of `memprof explain`: a difference between two models, or one model's losses, as terminal text or a file."""

from __future__ import annotations

from memprof.comparisons.explanation import Explanation
from memprof.reports.parts.formats import Formats
from memprof.whatif.savings import Losses

STEM = "explain"
"""What its files are called, before the extension."""


def text(found: Explanation | Losses, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports.explain import write_text as terminal

    return terminal.render(found, width=width, color=color)


def _png(found: Explanation | Losses) -> bytes:
    from memprof.reports.explain import write_png as figure

    return figure.draw(found)


def _markdown(found: Explanation | Losses) -> bytes:
    from memprof.reports.explain import write_md as markdown

    return markdown.render(found).encode()


def _json(found: Explanation | Losses) -> bytes:
    return found.to_json().encode()


FORMATS: Formats[Explanation | Losses] = Formats("explain", {"png": _png, "md": _markdown, "json": _json})
