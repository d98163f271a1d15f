"""A machine that takes exactly as long as it is told: probes that move a clock, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from memprof.calibration.bench import Bench
from memprof.calibration.caches import Cache, Caches
from memprof.calibration.records import Group, Probe, Task, Timing
from memprof.devices import CPU, HOST, Figure

GB, GFLOP = 10**9, 10**9
CACHES = Caches((Cache("l1", 48 * 2**10, 1), Cache("l2", 2 * 2**20, 1), Cache("l3", 32 * 2**20, 4)), 4, 4)


class FakeClock:
    """A clock that stands still unless a probe runs; it is the timer, too."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._took = 0.0

    def now(self) -> float:
        return self.seconds

    def time(self, work: Callable[[], object]) -> float:
        work()
        return self._took

    def probe(self, task: Task, *durations: float) -> Probe:
        """Return a probe whose calls take these seconds, the last one from then on."""
        calls = iter(durations)
        last = durations[-1]

        def run() -> None:
            self._took = next(calls, last)
            self.seconds += self._took

        return Probe(task, run)


def bandwidth(level: str, name: str = "copy", moved: float = GB) -> Task:
    """Return a task that moves `moved` bytes through a level in a call."""
    return Task(f"{level}_bytes_per_second", name, level, moved, 0)


def arithmetic(kind: str = "fp32", name: str = "matmul of 512", flops: float = GFLOP) -> Task:
    """Return a task that computes `flops` in a call: "fp32", "elementwise", "bf16_tensor"."""
    return Task(f"{kind}_flops_per_second", name, "l1", 0, flops)


def timing(task: Task, seconds: float, median: float | None = None, calls: int = 10) -> Timing:
    return Timing(task, seconds, seconds if median is None else median, calls)


def group(name: str, probes: Sequence[Probe], weight: float = 1.0) -> Group:
    return Group(name, weight, lambda: list(probes))


def bench(clock: FakeClock, groups: Sequence[Group] | None = None) -> Bench:
    """Return a CPU of four cores: 20 GB/s of DRAM, 500 GB/s of L1, 100 GFLOP/s in FP32 and 1 in BF16."""
    if groups is None:
        groups = (
            group("DRAM bandwidth", [clock.probe(bandwidth("dram"), 1 / 20)]),
            group("FP32 arithmetic", [clock.probe(arithmetic(), 1 / 100)]),
            group("L1 bandwidth", [clock.probe(bandwidth("l1"), 1 / 500)]),
            group("BF16 arithmetic", [clock.probe(arithmetic("bf16_tensor"), 1.0)]),
        )
    figures = {"core_count": Figure(4, "reported by the operating system")}
    return replace(EMPTY, groups=tuple(groups), timer=clock, figures=figures)


EMPTY = Bench(
    name=HOST,
    title="A Processor",
    architecture=CPU,
    compute_capability=None,
    caches=CACHES,
    figures={},
    groups=(),
    timer=FakeClock(),
    measured_by="torch 9.9, 4 threads",
    notes=("What was reached.",),
)
