"""Traces that torch.profiler recorded: as reports, lined up with a model, or two of them against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from memprof import devices
from memprof.analysis.asking import Asked
from memprof.api.result import Result
from memprof.api.speaking import in_python
from memprof.api.words import LayoutName, PhaseName, PrecisionName
from memprof.profiles.task import Task
from memprof.reports import alignment as alignment_writers
from memprof.reports import difference as difference_writers
from memprof.tensors.inputs import read_inputs

if TYPE_CHECKING:
    from torch import Tensor, nn

    from memprof.comparisons.alignment import Alignment
    from memprof.comparisons.changes import TraceDifference
    from memprof.devices.record import Device
    from memprof.profiles.task import MakeOptimizer
    from memprof.report.record import Report

    Model = str | nn.Module | Callable[[], nn.Module]


@overload
def read_trace(
    file: str | Path | Sequence[str | Path],
    *,
    device: str | Path | Device | None = None,
    precision: PrecisionName | None = None,
    rank: int | None = None,
    step: int | None = None,
    start: float | None = None,
    end: float | None = None,
    counters: str | Path | None = None,
) -> Report: ...


@overload
def read_trace(
    file: str | Path | Sequence[str | Path],
    *,
    model: Model,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: Literal["sgd", "adamw"] | MakeOptimizer = "sgd",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName | None = None,
    layout: LayoutName | None = None,
    stack: str = "",
    device: str | Path | Device | None = None,
    precision: PrecisionName | None = None,
    rank: int | None = None,
    step: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Result[Alignment]: ...


@overload
def read_trace(
    file: str | Path,
    *,
    against: str | Path,
    device: str | Path | Device | None = None,
    precision: PrecisionName | None = None,
    step: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Result[TraceDifference]: ...


@in_python
def read_trace(
    file: str | Path | Sequence[str | Path],
    *,
    device: str | Path | Device | None = None,
    precision: PrecisionName | None = None,
    rank: int | None = None,
    step: int | None = None,
    start: float | None = None,
    end: float | None = None,
    counters: str | Path | None = None,
    against: str | Path | None = None,
    model: Model | None = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: Literal["sgd", "adamw"] | MakeOptimizer = "sgd",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName | None = None,
    layout: LayoutName | None = None,
    stack: str = "",
) -> Report | Result[Alignment] | Result[TraceDifference]:
    """Read a trace of torch.profiler (.json, .json.gz, .zst), from any GPU, as a report with measured times.

    `device` is what ran it, by default the GPU that it names; another GPU scales the measured times to that one. `step`
    is a ProfilerStep's number, `start` and `end` seconds since the trace began, `rank` chooses one of several files.
    `counters` is a CSV file of Nsight Compute of the same run. docs/traces.md says how to record.

    With `against`, another trace, the result is what changed between the two, by operator and by module. With `model`,
    what the trace is of, it is the trace lined up with the model's simulation, in the trace's own batch size,
    resolution, phase and layout unless others are given; `inputs` to `stack` are as in `memprof.analyze`.

    TraceError where the file is no trace, or lacks what was asked for; WorkloadError where arguments contradict.
    """
    files = [Path(file)] if isinstance(file, (str, Path)) else [Path(one) for one in file]
    counted, other = (None if path is None else Path(path) for path in (counters, against))
    named = None if model is None else model if isinstance(model, str) else "the model"
    _check(files, rank, named, step=step, start=start, end=end, counters=counted, against=other)
    target = devices.get(device) if isinstance(device, (str, Path)) else device
    every = [*files, *([other] if other else [])]
    part = {"step": step, "start": start, "end": end}
    reports = _reports(every, rank, part, target, precision, counters=counted, model=named)
    if other is not None:
        return _difference(reports)
    if model is None:
        return reports[0]
    asked = Asked(Task(read_inputs(inputs, kwargs), loss, optimizer), batch_size, resolution)
    return _lined_up(reports[0], model, target, asked, phase=phase, layout=layout, stack=stack)


def _reports(
    files: Sequence[Path],
    rank: int | None,
    part: Mapping[str, Any],
    target: Device | None,
    precision: str | None,
    **beside: Any,
) -> list[Report]:
    from memprof.analysis.trace_reports import chosen, reports_of
    from memprof.traces.reading import read_trace as read

    return reports_of(chosen([read(path) for path in files], rank, **part), target, precision, **beside)


def _difference(reports: Sequence[Report]) -> Result[TraceDifference]:
    from memprof.comparisons.changes import compare_traces

    return Result(compare_traces(*reports), difference_writers.WRITERS)


def _lined_up(report: Report, model: Model, target: Device | None, asked: Asked, **others: Any) -> Result[Alignment]:
    from memprof.analysis.alike import simulate_like
    from memprof.comparisons.alignment import align

    return Result(align(report, simulate_like(report, model, target, asked, **others)), alignment_writers.WRITERS)


def _check(files: Sequence[Path], rank: int | None, model: str | None, **selected: Any) -> None:
    from memprof.analysis.traced import check_selection
    from memprof.errors import WorkloadError

    check_selection(files, rank=rank, model=model, **selected)
    if len(files) != 1 and rank is None:
        raise WorkloadError(f"{len(files)} traces make no single report", "give one file, or choose one with --rank")
