"""memprof trace: read traces of torch.profiler and report what was measured, held against the device's roofs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memprof.commands.asking import BATCH_SIZE, RESOLUTION, input_option
from memprof.commands.naming import one_of
from memprof.commands.options import (
    by_option,
    complete_devices,
    complete_models,
    format_option,
    json_option,
    output_option,
    stack_option,
    top_option,
)
from memprof.commands.trace_folder import or_folder
from memprof.reports.alignment import WRITERS as ALIGNMENT
from memprof.reports.difference import WRITERS as DIFFERENCE
from memprof.reports.ranks import WRITERS as RANKS
from memprof.reports.report import WRITERS as REPORT
from memprof.reports.writer import Writers
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import LAYOUTS, PHASES

if TYPE_CHECKING:
    from memprof.analysis.asking import Resolution
    from memprof.commands.output import Result
    from memprof.comparisons.alignment import Alignment
    from memprof.comparisons.changes import TraceDifference
    from memprof.comparisons.ranks import Rank
    from memprof.devices.record import Device
    from memprof.report.record import Report
    from memprof.traces.records import Trace


_OF_SIMULATION = ("batch_size", "resolution", "inputs", "phase", "layout", "stack")
"""What goes with --model only."""


def _simulation_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what goes with --model; the command gets it together, as the dict `wanted`."""

    @functools.wraps(command)
    def gathered(**values: Any) -> None:
        wanted = {name: values.pop(name) for name in _OF_SIMULATION}
        command(**values, wanted=wanted)

    options = (
        click.option("--batch-size", type=BATCH_SIZE, help="Of the simulation. Default: the trace's."),
        click.option(
            "--resolution",
            type=RESOLUTION,
            metavar="PIXELS|HxW",
            help="Of the simulation: pixels a side, or height and width. Default: the trace's.",
        ),
        input_option,
        click.option("--phase", type=click.Choice(PHASES), help="Of the simulation. Default: the trace's."),
        click.option("--layout", type=click.Choice(LAYOUTS), help="Of the simulation. Default: the trace's."),
        stack_option,
    )
    return functools.reduce(lambda chosen, option: option(chosen), reversed(options), gathered)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--device",
    metavar="NAME|FILE",
    shell_complete=complete_devices,
    multiple=True,
    callback=one_of("--device", "read the trace once for each"),
    help="Of another GPU than the trace names: measured times are scaled to it by predicted ratios. A file, or where "
    "the trace names no GPU that memprof knows: what ran it. Default: the GPU that the trace names.",
)
@click.option("--precision", type=click.Choice(list(PRECISIONS)), help="Default: what dtypes and kernel names show.")
@click.option("--step", type=int, metavar="N", help="Only the step that the profiler called ProfilerStep#N.")
@click.option("--rank", type=int, metavar="N", help="Of several files, only that of rank N.")
@click.option("--from", "start", type=float, metavar="SECONDS", help="Only from so long after the trace's start.")
@click.option("--to", "end", type=float, metavar="SECONDS", help="Only up to so long after the trace's start.")
@click.option(
    "--max-size",
    type=click.IntRange(1, 1024),
    default=2,
    show_default=True,
    metavar="GIB",
    help="The most text of a file, unpacked, that is read; it needs several times that in memory.",
)
@click.option(
    "--counters",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Hardware counters of the same run, of Nsight Compute (`ncu --csv`).",
)
@click.option(
    "--model",
    metavar="NAME",
    shell_complete=complete_models,
    help="Line the trace up with the simulation of this model.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Another trace: what changed between the two, by operator and by module, in place of a report.",
)
@_simulation_options
@output_option
@format_option(REPORT, "html,png,json")
@by_option
@top_option
@json_option("report")
@or_folder
def command(
    files: tuple[Path, ...],
    device: str | None,
    precision: str | None,
    step: int | None,
    rank: int | None,
    start: float | None,
    end: float | None,
    max_size: int,
    counters: Path | None,
    model: str | None,
    against: Path | None,
    wanted: dict[str, Any],
    output: Path,
    formats: tuple[str, ...],
    by: str,
    top: int,
    as_json: bool,
) -> None:
    """Read traces of torch.profiler (.json, .json.gz, .zst) from any GPU: measured time beside bound and prediction.

    Give one file, or one for each rank. Record with record_shapes=True; docs/traces.md says how. Of a folder of
    traces: a Parquet set with a row for each, made in parallel, and what changed over time (docs/scale.md).
    """
    from memprof import devices
    from memprof.analysis.trace_reports import reports_of
    from memprof.analysis.traced import check_selection
    from memprof.commands.output import Result, deliver, for_terminal, progress
    from memprof.files import check_writable

    check_selection(files, step=step, rank=rank, start=start, end=end, counters=counters, model=model, against=against)
    target = devices.get(device) if device is not None else None
    _check_simulation(model, **wanted)
    if not as_json:
        check_writable(output)
    every = (*files, *([against] if against else []))
    traces = _read(every, max_size << 30, rank, step=step, start=start, end=end)
    with progress("analysing"):
        reports = reports_of(traces, target, precision, counters=counters, model=model)
    results: list[Result[Any]] = [Result(reports, REPORT, formats)]
    if against is not None:
        results = [_difference(reports, formats)]
    elif model is not None:
        aligned = _align(model, reports[0], target, **wanted)
        results = [*([] if as_json else results), Result(aligned, ALIGNMENT, _of(ALIGNMENT, formats, "csv"))]
    elif len(reports) > 1:
        results.append(Result(_ranks(traces, reports), RANKS, ["csv"]))
    deliver(results, output, for_terminal(by, top), as_json=as_json)


def _check_simulation(
    model: str | None, *, inputs: tuple[str, ...], resolution: Resolution, batch_size: int | None, **others: Any
) -> None:
    """Raise MemprofError where what the trace is to be lined up with makes no sense, before the trace is read."""
    from memprof.analysis.asking import ask
    from memprof.models import canonical_name

    ask(inputs, resolution, batch_size)
    if model is not None:
        canonical_name(model)


def _difference(reports: Sequence[Report], formats: Sequence[str]) -> Result[TraceDifference]:
    """Return what changed, for those of the formats that it has; for one that it has not, where it has none of them."""
    from memprof.commands.output import Result
    from memprof.comparisons.changes import compare_traces

    return Result(compare_traces(*reports), DIFFERENCE, _of(DIFFERENCE, formats) or formats)


def _of(writers: Writers[Any], formats: Sequence[str], *always: str) -> list[str]:
    """Return those of the formats that a document has, and some that are written always."""
    return [name for name in dict.fromkeys((*formats, *always)) if name in writers.names]


def _read(files: Sequence[Path], largest_bytes: int, rank: int | None, **part: Any) -> list[Trace]:
    from memprof.analysis.trace_reports import chosen
    from memprof.commands.output import progress
    from memprof.traces.reading import read_trace

    traces = []
    for position, file in enumerate(files):
        with progress(f"reading {file} ({position + 1} of {len(files)})"):
            traces.append(read_trace(file, largest_bytes=largest_bytes))
    return chosen(traces, rank, **part)


def _align(
    model: str,
    report: Report,
    target: Device | None,
    *,
    inputs: tuple[str, ...],
    resolution: Resolution,
    batch_size: int | None,
    **others: Any,
) -> Alignment:
    from memprof.analysis.alike import simulate_like
    from memprof.analysis.asking import ask
    from memprof.analysis.traced import check_operators
    from memprof.commands.output import progress, redirect_output
    from memprof.comparisons.alignment import align

    check_operators(report)
    asked = ask(inputs, resolution, batch_size or (None if inputs else report.workload.batch_size))
    with progress(f"simulating {model}"), redirect_output():
        simulated = simulate_like(report, model, target, asked, **others)
    return align(report, simulated)


def _ranks(traces: Sequence[Trace], reports: Sequence[Report]) -> list[Rank]:
    from memprof.comparisons.ranks import rank_of

    return [rank_of(trace.rank, report) for trace, report in zip(traces, reports, strict=True)]
