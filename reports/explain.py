"""Writers of `memprof explain`: a difference between two models, or one model's losses, as terminal text or a file."""

from __future__ import annotations

from memprof.explanation import Explanation
from memprof.losses import Losses
from memprof.reports.formats import Formats

STEM = "explain"
"""What its files are called, before the extension."""


def text(found: Explanation | Losses, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports import explain_terminal

    return explain_terminal.render(found, width=width, color=color)


def _png(found: Explanation | Losses) -> bytes:
    from memprof.reports import explain_figure

    return explain_figure.draw(found)


def _markdown(found: Explanation | Losses) -> bytes:
    from memprof.reports import explain_markdown

    return explain_markdown.render(found).encode()


def _json(found: Explanation | Losses) -> bytes:
    return found.to_json().encode()


FORMATS: Formats[Explanation | Losses] = Formats("explain", {"png": _png, "md": _markdown, "json": _json})
