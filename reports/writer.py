"""What a writer is, and what a user may choose about its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memprof.report.groups import BY
from memprof.report.record import Report


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How reports are shown.

    `by` groups the table of the most expensive: "operator", "module", "kind", "phase" or "shape"; `top` is its length.
    `width` in columns and `color` (ANSI escapes) concern only text for a terminal.
    """

    by: str = "operator"
    top: int = 10
    width: int = 100
    color: bool = False

    def __post_init__(self) -> None:
        if self.by not in BY:
            raise ValueError(f"cannot group by {self.by!r}; one of {', '.join(BY)}")


class Writer(Protocol):
    """Turns one or several reports into the content of one file; opens no file.

    `name` is what a user asks for; `extension` belongs at the end of the file's name, without its dot.
    """

    @property
    def name(self) -> str:
        """Return the name of the format: "html"."""
        ...

    @property
    def extension(self) -> str:
        """Return the extension of such a file, without the dot: "html"."""
        ...

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return the content of the file; `reports` holds at least one."""
        ...
