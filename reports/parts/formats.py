"""The file formats of a command's own record (a comparison, say): each name is also the extension of its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from memprof.errors import OutputError, did_you_mean

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Formats(Generic[Record]):
    """The formats that `memprof COMMAND` writes; a name is also the extension of its file."""

    command: str
    writers: Mapping[str, Callable[[Record], bytes]]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the formats."""
        return tuple(self.writers)

    def check(self, name: str) -> str:
        """Return the name of a format; OutputError with the nearest ones where there is none."""
        if name not in self.writers:
            raise OutputError(f"memprof {self.command} writes no {name!r}", did_you_mean(name, self.names))
        return name

    def render(self, found: Record, name: str) -> bytes:
        """Return the content of the file of the format `name`; OutputError where there is none."""
        return self.writers[self.check(name)](found)
