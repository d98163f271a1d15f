"""Whether other programs ran while something was timed: where they share a core, all threads wait for the last one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_STAT = Path("/proc/stat")
_BUSY = (1, 2, 3, 6, 7, 8)
"""Of the fields of a line of /proc/stat: user, nice, system, interrupts, soft interrupts, stolen (proc(5))."""
_SHORTEST_SECONDS = 0.25
"""Of less, the system's ticks of a hundredth of a second say nothing."""


class Crowd:
    """While entered, watches how many cores others than this process keep busy.

    `others` is their number on average, a virtual machine's stolen time among it; None where the system does not tell,
    or the time was too short.
    """

    def __init__(self, stat: Path = _STAT) -> None:
        self.others: float | None = None
        self._stat = stat

    def __enter__(self) -> Self:
        self._start = self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (busy, own, wall), (busy_before, own_before, wall_before) = self._now(), self._start
        elapsed = wall - wall_before
        if busy is not None and busy_before is not None and elapsed >= _SHORTEST_SECONDS:
            self.others = max(0.0, busy - busy_before - (own - own_before)) / elapsed

    def _now(self) -> tuple[float | None, float, float]:
        return _busy_seconds(self._stat), time.process_time(), time.perf_counter()


def _busy_seconds(stat: Path) -> float | None:
    """Return the seconds that all cores have been busy since the system started."""
    try:
        fields = stat.read_text(encoding="utf-8").partition("\n")[0].split()
        return sum(int(fields[place]) for place in _BUSY) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
