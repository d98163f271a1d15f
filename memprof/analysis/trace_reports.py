"""Traces as somebody asks for them: of one rank, of a step or a stretch of time, on what ran them or on another GPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from memprof.analysis.scaled import check_alone, is_another, scale_trace
from memprof.analysis.traced import add_counters, analyze_trace, select_rank
from memprof.devices.record import Device
from memprof.report.record import Report
from memprof.traces.records import Trace
from memprof.traces.selection import select


def chosen(
    traces: Sequence[Trace], rank: int | None, *, step: int | None, start: float | None, end: float | None
) -> list[Trace]:
    """Return what is asked for of traces, in seconds since each began; TraceError where there is no such part."""
    of_rank = traces if rank is None else select_rank(traces, rank)
    return [select(trace, step=step, start_seconds=start, end_seconds=end) for trace in of_rank]


def reports_of(
    traces: Sequence[Trace],
    device: Device | None,
    precision: str | None,
    *,
    counters: Path | None = None,
    model: str | None = None,
) -> list[Report]:
    """Return the report of each trace, on `device` or what it names; that of one alone may be scaled to another GPU.

    `counters` are those of the first; `model` is what the trace will be lined up with. WorkloadError where that does
    not go with another GPU; errors as of `analyze_trace`, `scale_trace` and `add_counters`.
    """
    if device is not None and any(is_another(trace, device) for trace in traces):
        check_alone(device, len(traces), counters=counters, model=model)
        return [scale_trace(traces[0], device, precision)]
    reports = [analyze_trace(trace, device=device, precision=precision) for trace in traces]
    return reports if counters is None else [add_counters(reports[0], counters)]
