"""Writers of `memprof explain`: a difference between two models, or one model's losses, as terminal text or a file."""

from __future__ import annotations

from collections.abc import Callable

from memprof.errors import OutputError, did_you_mean
from memprof.explanation import Explanation
from memprof.losses import Losses

STEM = "explain"
"""What its files are called, before the extension."""


def text(found: Explanation | Losses, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports import explain_terminal

    return explain_terminal.render(found, width=width, color=color)


def render(found: Explanation | Losses, name: str) -> bytes:
    """Return the content of the file of the format `name`; OutputError with the nearest ones where there is none."""
    return _WRITERS[check(name)](found)


def check(name: str) -> str:
    """Return the name of a format; OutputError with the nearest ones where there is none."""
    if name not in _WRITERS:
        raise OutputError(f"memprof explain writes no {name!r}", did_you_mean(name, NAMES))
    return name


def _png(found: Explanation | Losses) -> bytes:
    from memprof.reports import explain_figure

    return explain_figure.draw(found)


def _markdown(found: Explanation | Losses) -> bytes:
    from memprof.reports import explain_markdown

    return explain_markdown.render(found).encode()


def _json(found: Explanation | Losses) -> bytes:
    return found.to_json().encode()


_WRITERS: dict[str, Callable[[Explanation | Losses], bytes]] = {"png": _png, "md": _markdown, "json": _json}
NAMES = tuple(_WRITERS)
"""The formats, each also the extension of its file."""
