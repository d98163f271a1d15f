"""The files that the page is made of, wherever memprof is installed."""

from __future__ import annotations

import pkgutil


def text(name: str) -> str:
    """Return a file of this package, by its path below it; FileNotFoundError where there is none."""
    content = pkgutil.get_data(__package__, name)
    if content is None:
        raise FileNotFoundError(name)
    return content.decode()
