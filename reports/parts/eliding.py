"""Shortens names that are too long for their place."""

from __future__ import annotations

from rich.text import Text


def elide_middle(name: str, longest: int) -> str:
    """Cut a path in the middle, where it says least; by hand, as rich cuts only at the end."""
    if len(name) <= longest:
        return name
    tail = longest * 5 // 9
    return f"{name[: longest - tail - 1]}…{name[-tail:]}"


def elide_end(name: str, longest: int) -> str:
    """Cut a name at its end."""
    text = Text(name)
    text.truncate(longest, overflow="ellipsis")
    return text.plain
