"""How a measurement is made: how many rounds of how many steps, in processes with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALLOCATOR: Mapping[str, str] = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
}
"""Environment of the measuring processes, for glibc's malloc; others ignore it. By default it maps what is larger than
32 MiB afresh, so that every large output is page-faulted in, 4 KiB at a time, in every step: 35 ms in place of 13 for
an output of 128 MiB, and more or less of it in each process. With these it keeps and reuses what it once had. Source:
glibc manual, "Malloc Tunable Parameters"."""

_MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured of one workload.

    Of each pair of processes, `placements` times the model is built anew, elsewhere in memory. Then base and head take
    turns, the one that began last coming first; a turn is as many steps as `turn_seconds` hold (1 to 5), and rounds of
    two turns go on for about `placement_seconds` (at least `least_rounds`, at most `most_rounds`). Pairs are added
    until the verdict is clear, or `limit_seconds` are over. `answer_seconds` is what a process may be silent for.
    `threads` is the number of threads that a step runs on: with one, neighbours on the machine disturb it least.
    """

    placements: int = 4
    turn_seconds: float = 0.006
    placement_seconds: float = 0.15
    least_rounds: int = 4
    most_rounds: int = 24
    limit_seconds: float = 300.0
    answer_seconds: float = 300.0
    threads: int = 1
    allocator: Mapping[str, str] = field(default_factory=lambda: ALLOCATOR)

    def steps(self, step_seconds: float) -> int:
        """Return the steps of a turn."""
        return min(_MOST_STEPS, max(1, int(self.turn_seconds / step_seconds)))

    def rounds(self, step_seconds: float) -> int:
        """Return the rounds of a placement, an even number: each side comes first as often as the other."""
        whole = self.placement_seconds / (2 * self.steps(step_seconds) * step_seconds)
        return min(self.most_rounds, max(self.least_rounds, 2 * round(whole / 2)))

    def environment(self) -> dict[str, str]:
        """Return what is set in the environment of the processes."""
        return {**self.allocator, "OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
