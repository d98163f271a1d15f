"""What hardware counters say: a record for each kernel that the profiler let run."""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class KernelCounters:
    """One run of a kernel; an amount is None where the file does not have it.

    `name` as the profiler printed it; `grid` in blocks, `block` in threads. `dram_bytes` crossed the device's memory,
    reads and writes together; `l2_bytes` and `l1_bytes` are those that these caches were asked for.
    """

    name: str
    grid: Size | None
    block: Size | None
    dram_bytes: float | None
    l2_bytes: float | None
    l1_bytes: float | None
    duration_seconds: float | None

    def bytes_at(self, level: str) -> float | None:
        """Return the bytes counted at a memory level."""
        return {"dram": self.dram_bytes, "l2": self.l2_bytes, "l1": self.l1_bytes}[level]


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of one run, in the order in which its kernels ran; `path` names the file in messages."""

    path: str
    kernels: tuple[KernelCounters, ...]
