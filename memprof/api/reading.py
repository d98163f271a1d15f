"""Traces that torch.profiler recorded anywhere, as reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from memprof import devices
from memprof.api.speaking import in_python
from memprof.api.words import PrecisionName

if TYPE_CHECKING:
    from memprof.devices.record import Device
    from memprof.report.record import Report


@in_python
def read_trace(
    file: str | Path,
    *,
    device: str | Path | Device | None = None,
    precision: PrecisionName | None = None,
    step: int | None = None,
    start: float | None = None,
    end: float | None = None,
    counters: str | Path | None = None,
) -> Report:
    """Read a trace of torch.profiler (.json, .json.gz, .zst), from any GPU, as a report with measured times.

    `device` is what ran it, by default the GPU that it names; another GPU scales the measured times to that one. `step`
    is a ProfilerStep's number, `start` and `end` seconds since the trace began. `counters` is a CSV file of Nsight
    Compute of the same run. docs/traces.md says how to record. TraceError where the file is no trace, or lacks what was
    asked for.
    """
    from memprof.analysis.scaled import is_another, scale_trace
    from memprof.analysis.traced import add_counters, analyze_trace, check_selection
    from memprof.traces.reading import read_trace as read
    from memprof.traces.selection import select

    path, counted = Path(file), None if counters is None else Path(counters)
    check_selection((path,), step=step, rank=None, start=start, end=end, counters=counted, model=None, against=None)
    target = devices.get(device) if isinstance(device, (str, Path)) else device
    trace = select(read(path), step=step, start_seconds=start, end_seconds=end)
    if target is not None and counted is None and is_another(trace, target):
        return scale_trace(trace, target, precision)
    report = analyze_trace(trace, device=target, precision=precision)
    return report if counted is None else add_counters(report, counted)
