"""Timing steps one by one: what times them, how often, and what the times say of the median."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from typing import Protocol

from memprof.report.run import Timing

CONFIDENCE = 0.95
FEWEST = 6
"""Repetitions below which no interval covers the median with 95 %: that of all of n covers it with 1 - 2 / 2^n."""

Work = Callable[[], object]


class Timer(Protocol):
    """Times one piece of work."""

    def time(self, work: Work) -> float:
        """Run `work` and return the seconds from its start until the device has done all of it."""
        ...


class HostTimer:
    """The clock of the host, for work that the host does itself."""

    def time(self, work: Work) -> float:
        """Run `work` and return its seconds."""
        start = time.perf_counter_ns()
        work()
        return (time.perf_counter_ns() - start) / 1e9


class CudaTimer:
    """CUDA events: the device itself notes when it reaches them, to about half a microsecond (cudaEventElapsedTime).

    The device is idle at the start, as after reading a result, so that its wait for the first launch counts.
    """

    def time(self, work: Work) -> float:
        """Run `work` and return its seconds."""
        import torch

        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
        start.record()
        work()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) / 1e3


@dataclass(frozen=True, slots=True)
class Plan:
    """How often a step runs: `warm_up` times untimed, then until `least` steps and `seconds` are over, or `most`."""

    warm_up: int = 3
    least: int = FEWEST
    most: int = 1000
    seconds: float = 3.0

    @classmethod
    def of(cls, warm_up: int, repeat: int | None) -> Plan:
        """Return a plan with exactly `repeat` timed steps, or with as many as the default seconds hold."""
        return cls(warm_up) if repeat is None else cls(warm_up, repeat, repeat)

    def time(self, timer: Timer, work: Work) -> tuple[float, ...]:
        """Time `work` as often as planned and return the seconds of each."""
        timed: list[float] = []
        while len(timed) < self.most and (len(timed) < self.least or sum(timed) < self.seconds):
            timed.append(timer.time(work))
        return tuple(timed)


def median_interval(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the 95 % confidence interval of the median of what `seconds` (n,) are a sample of.

    They are order statistics: a value is below the median with probability 1/2 whatever its distribution, so the k-th
    smallest lies above the median with the probability that a fair coin shows fewer than k heads in n throws. k is the
    largest for which that, at both ends together, is at most 5 %. Holds for repetitions that do not depend on one
    another. Of fewer than 6 the whole range is returned, which covers less. Source: H. A. David and H. N. Nagaraja,
    "Order Statistics", 3rd edition, section 7.1.
    """
    ordered = sorted(seconds)
    n = len(ordered)
    rank, below = 1, 1  # `below` throws of 2^n have fewer than `rank` heads
    while rank < n and 2 * (below + comb(n, rank)) <= (1 - CONFIDENCE) * 2**n:
        below += comb(n, rank)
        rank += 1
    return ordered[rank - 1], ordered[n - rank]


def timing_of(seconds: Sequence[float], profiled_seconds: float, warm_up: int, *, compiled: bool) -> Timing:
    """Sum up steps timed without the profiler, and one with it."""
    low, high = median_interval(seconds)
    return Timing(tuple(seconds), statistics.median(seconds), low, high, profiled_seconds, warm_up, compiled)
