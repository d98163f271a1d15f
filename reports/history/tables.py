"""Which figures of a history can be shown, how, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof.errors import GateError, did_you_mean
from memprof.gate.history import Accepted
from memprof.gate.records import Figures
from memprof.reports.parts.tables import Column, Table


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure: what to call it, the unit it is shown in, what to multiply base units by, how to get it."""

    name: str
    words: str
    unit: str
    scale: float
    value: Callable[[Figures], float]


METRICS = {
    metric.name: metric
    for metric in (
        Metric("seconds", "Predicted time of a step", "ms", 1e3, lambda item: item.seconds),
        Metric("images_per_second", "Predicted throughput", "images/s", 1.0, lambda item: item.images_per_second),
        Metric("flops", "FLOPs of a step", "GFLOP", 1e-9, lambda item: item.flops),
        Metric("dram_bytes", "DRAM traffic of a step", "GB", 1e-9, lambda item: item.dram_bytes),
        Metric("l2_bytes", "L2 traffic of a step", "GB", 1e-9, lambda item: item.l2_bytes),
        Metric("l1_bytes", "L1 traffic of a step", "GB", 1e-9, lambda item: item.l1_bytes),
        Metric("launches", "Kernel launches of a step", "launches", 1.0, lambda item: item.launches),
        Metric("peak_memory_bytes", "Predicted peak memory", "GB", 1e-9, lambda item: item.peak_memory_bytes),
        Metric("parameters", "Parameters", "million", 1e-6, lambda item: item.parameters),
        Metric("coverage", "Coverage", "%", 100.0, lambda item: item.coverage),
    )
}


def find_metric(name: str) -> Metric:
    """Return a metric; GateError with the nearest names where there is none."""
    if name not in METRICS:
        raise GateError(f"a history shows no metric {name!r}", did_you_mean(name, METRICS))
    return METRICS[name]


def title(metric: Metric) -> str:
    """Return the heading of a plot or page."""
    return f"{metric.words} over commits, in {metric.unit}"


def commits(history: Sequence[Accepted]) -> tuple[str, ...]:
    """Return the names of the commits in order of their moments."""
    return tuple(dict.fromkeys(item.commit.name for item in history))


def commits_table(history: Sequence[Accepted], metric: Metric) -> Table:
    """Return a line for each commit, newest first, a column for each workload."""
    workloads = tuple(dict.fromkeys(sorted(item.workload for item in history)))
    values = {(item.commit.name, item.workload): metric.scale * metric.value(item.figures) for item in history}
    moments = {item.commit.name: item.commit.moment for item in history}
    rows = tuple(
        (name[:9], moments[name][:10], *(_cell(values.get((name, workload))) for workload in workloads))
        for name in reversed(commits(history))
    )
    heads = [Column(f"{workload.model}\n{workload.phase}, {workload.device}") for workload in workloads]
    return Table(title(metric), (Column("commit", number=False), Column("date", number=False), *heads), rows)


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"
