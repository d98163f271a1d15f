"""The bytes that hardware counters saw, beside those that are modelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memprof.report.record import OperatorRow
from memprof.vocabulary import MEMORY_LEVELS


@dataclass(frozen=True, slots=True)
class Traffic:
    """The bytes of `rows` operators that cross one memory level: counted by the hardware, and as modelled here."""

    level: str
    rows: int
    counted_bytes: float
    modelled_bytes: float

    @property
    def ratio(self) -> float | None:
        """Return counted over modelled bytes, None where nothing is modelled."""
        return self.counted_bytes / self.modelled_bytes if self.modelled_bytes else None


def counted_traffic(rows: Iterable[OperatorRow]) -> tuple[Traffic, ...]:
    """Return counted beside modelled bytes of those operators that were counted, by memory level; empty where none."""
    rows = tuple(rows)
    traffic = []
    for level in MEMORY_LEVELS:
        own = [row for row in rows if getattr(row, f"counted_{level}_bytes") is not None]
        sums = [sum(getattr(row, name) for row in own) for name in (f"counted_{level}_bytes", f"{level}_bytes")]
        traffic += [Traffic(level, len(own), *map(float, sums))] if own else []
    return tuple(traffic)
