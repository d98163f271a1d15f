"""Traces of several ranks: what each spent its time on, and how far the ranks lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from memprof.errors import TraceError
from memprof.report.record import Report


@dataclass(frozen=True, slots=True)
class Rank:
    """One rank's trace in seconds; `rank` is None where neither trace nor file name tells."""

    rank: int | None
    origin: str
    device_name: str
    steps: int
    span_seconds: float
    kernel_seconds: float
    communication_seconds: float
    exposed_communication_seconds: float
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How far ranks lie apart in one amount, in seconds per step; `slowest` is the index of the rank with the most."""

    name: str
    least: float
    median: float
    most: float
    slowest: int


def rank_of(rank: int | None, report: Report) -> Rank:
    """Return what one rank's report says of its time; TraceError where no device ran anything."""
    measured = report.measured
    if measured is None or measured.device_time is None:
        raise TraceError(f"{report.workload.model} has no GPU kernels to compare with other ranks", "leave it out")
    time = measured.device_time
    return Rank(
        rank,
        ", ".join(measured.origin),
        measured.device_name,
        measured.steps,
        time.span_seconds,
        time.kernel_seconds,
        time.communication_seconds,
        time.exposed_communication_seconds,
        time.idle_seconds,
    )


def spreads(ranks: Sequence[Rank]) -> tuple[Spread, ...]:
    """Return how far the ranks lie apart in each amount that any of them has."""
    amounts: dict[str, Callable[[Rank], float]] = {
        "span": lambda rank: rank.span_seconds,
        "kernels": lambda rank: rank.kernel_seconds,
        "communication": lambda rank: rank.communication_seconds,
        "exposed communication": lambda rank: rank.exposed_communication_seconds,
        "idle": lambda rank: rank.idle_seconds,
    }
    differences = []
    for name, amount in amounts.items():
        values = [amount(rank) / rank.steps for rank in ranks]
        if any(values):
            differences.append(Spread(name, min(values), median(values), max(values), values.index(max(values))))
    return tuple(differences)
