"""What calibration measures and what it finds: tasks, timings, ceilings, cautions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memprof.devices import FIGURES, Device

LEVELS = ("dram", "l3", "l2", "l1")
"""Where a working set can lie, outermost first. What lies in one level passes through all that follow it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One operator on operands of a fixed size, and what a call of it moves and computes.

    `ceiling` is the key of the figure that it tries to reach, `level` the innermost level that holds its operands.
    `bytes_per_call` are read and written there: as the program asks for them, without what a cache fetches in order to
    write. `flops_per_call` counts a multiply-add as two.
    """

    ceiling: str
    name: str
    level: str
    bytes_per_call: float
    flops_per_call: float

    @property
    def is_bandwidth(self) -> bool:
        """Return whether its ceiling is one of bytes per second, not of FLOP per second."""
        return FIGURES[self.ceiling].unit == "B/s"

    @property
    def amount(self) -> float:
        """Return what a call contributes to its ceiling: bytes or FLOPs."""
        return self.bytes_per_call if self.is_bandwidth else self.flops_per_call


@dataclass(frozen=True, slots=True)
class Probe:
    """A task that can be called: `call` makes one call of it and returns when the work is done, or queued on a GPU."""

    task: Task
    call: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Group:
    """Probes that share operands or an engine and are measured in turns.

    `build` makes the operands, which live no longer than the group is measured, and may be called again; RuntimeError
    where torch cannot. Tasks of a group have different names.
    `weight` is its share of the time.
    """

    name: str
    weight: float
    build: Callable[[], list[Probe]]


@dataclass(frozen=True, slots=True)
class Timing:
    """A task's seconds per call, the least and the median of `calls` calls."""

    task: Task
    best_seconds: float
    median_seconds: float
    calls: int

    @property
    def rate(self) -> float:
        """Return what it reached of its ceiling, bytes/s or FLOP/s."""
        return self.task.amount / self.best_seconds

    @property
    def spread(self) -> float:
        """Return how much longer the median call took than the best, as a fraction of the best."""
        return (self.median_seconds - self.best_seconds) / self.best_seconds


@dataclass(frozen=True, slots=True)
class Missed:
    """What was not measured, and why, in words. `name` is that of a group or of "group: probe"."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A figure that was found: the fastest timing, and what else tried, fastest first."""

    key: str
    winner: Timing
    others: tuple[Timing, ...]

    @property
    def value(self) -> float:
        """Return the ceiling, bytes/s or FLOP/s."""
        return self.winner.rate


@dataclass(frozen=True, slots=True)
class Caution:
    """Something to know about the figures, and what to do about it ("" where there is nothing)."""

    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


@dataclass(frozen=True, slots=True)
class Calibration:
    """The ceilings that were found in `seconds`, the device made of them, and what to beware of.

    `measured_by` says what measured: the version of torch, and how many threads.
    """

    device: Device
    ceilings: tuple[Ceiling, ...]
    cautions: tuple[Caution, ...]
    measured_by: str
    seconds: float
