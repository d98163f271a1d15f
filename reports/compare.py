"""Writers of `memprof compare`: models and devices side by side, as terminal text or a file."""

from __future__ import annotations

from collections.abc import Callable

from memprof.comparison import Comparison
from memprof.errors import OutputError, did_you_mean

STEM = "compare"
"""What its files are called, before the extension."""


def text(found: Comparison, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports import compare_terminal

    return compare_terminal.render(found, width=width, color=color)


def render(found: Comparison, name: str) -> bytes:
    """Return the content of the file of the format `name`; OutputError with the nearest ones where there is none."""
    return _WRITERS[check(name)](found)


def check(name: str) -> str:
    """Return the name of a format; OutputError with the nearest ones where there is none."""
    if name not in _WRITERS:
        raise OutputError(f"memprof compare writes no {name!r}", did_you_mean(name, NAMES))
    return name


def _markdown(found: Comparison) -> bytes:
    from memprof.reports import compare_markdown

    return compare_markdown.render(found).encode()


def _csv(found: Comparison) -> bytes:
    from memprof.reports import compare_csv

    return compare_csv.render(found).encode()


def _png(found: Comparison) -> bytes:
    from memprof.reports import compare_figure

    return compare_figure.draw(found)


def _json(found: Comparison) -> bytes:
    return found.to_json().encode()


_WRITERS: dict[str, Callable[[Comparison], bytes]] = {"md": _markdown, "csv": _csv, "png": _png, "json": _json}
NAMES = tuple(_WRITERS)
"""The formats, each also the extension of its file."""
