"""memprof trace: read traces of torch.profiler and report what was measured, held against the device's roofs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.commands.options import (
    by_option,
    complete_devices,
    complete_models,
    format_option,
    output_option,
    top_option,
)
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import LAYOUTS, PHASES

if TYPE_CHECKING:
    from memprof.comparisons.alignment import Alignment
    from memprof.comparisons.ranks import Rank
    from memprof.devices.record import Device
    from memprof.report.record import Report
    from memprof.traces.records import Trace


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--device",
    metavar="NAME|FILE",
    shell_complete=complete_devices,
    help="What ran it. Default: the GPU that the trace names.",
)
@click.option("--precision", type=click.Choice(list(PRECISIONS)), help="Default: what dtypes and kernel names show.")
@click.option("--step", type=int, metavar="N", help="Only the step that the profiler called ProfilerStep#N.")
@click.option("--rank", type=int, metavar="N", help="Of several files, only that of rank N.")
@click.option("--from", "start", type=float, metavar="SECONDS", help="Only from so long after the trace's start.")
@click.option("--to", "end", type=float, metavar="SECONDS", help="Only up to so long after the trace's start.")
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
@click.option("--batch-size", type=int, help="Of the simulation. Default: the trace's.")
@click.option("--resolution", type=int, help="Of the simulation, in pixels a side. Default: the trace's.")
@click.option("--phase", type=click.Choice(PHASES), help="Of the simulation. Default: the trace's.")
@click.option("--layout", type=click.Choice(LAYOUTS), help="Of the simulation. Default: the trace's.")
@output_option
@format_option("html,png,json")
@by_option
@top_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and nothing else; write no files.")
def command(
    files: tuple[Path, ...],
    device: str | None,
    precision: str | None,
    step: int | None,
    rank: int | None,
    start: float | None,
    end: float | None,
    counters: Path | None,
    model: str | None,
    batch_size: int | None,
    resolution: int | None,
    phase: str | None,
    layout: str | None,
    output: Path,
    formats: tuple[str, ...],
    by: str,
    top: int,
    as_json: bool,
) -> None:
    """Read traces of torch.profiler (.json, .json.gz, .zst) from any GPU: measured time beside bound and prediction.

    Give one file, or one for each rank. Record with record_shapes=True; docs/traces.md says how.
    """
    from memprof import devices
    from memprof.analysis.traced import check_selection
    from memprof.files import check_writable
    from memprof.models import canonical_name

    check_selection(files, step=step, rank=rank, start=start, end=end, counters=counters, model=model)
    target = devices.get(device) if device is not None else None
    if model is not None:
        canonical_name(model)
    if not as_json:
        check_writable(output)
    traces = _read(files, rank, step, start, end)
    reports = _reports(traces, target, precision, counters)
    aligned = _aligned(model, reports[0], target, batch_size, resolution, phase, layout) if model is not None else None
    _deliver(traces, reports, aligned, output, formats, by, top, as_json)


def _read(
    files: Sequence[Path], rank: int | None, step: int | None, start: float | None, end: float | None
) -> list[Trace]:
    from memprof.analysis.traced import select_rank
    from memprof.commands.output import progress
    from memprof.traces.reading import read_trace
    from memprof.traces.selection import select

    traces = []
    for position, file in enumerate(files):
        with progress(f"reading {file} ({position + 1} of {len(files)})"):
            traces.append(read_trace(file))
    chosen = select_rank(traces, rank) if rank is not None else traces
    return [select(trace, step=step, start_seconds=start, end_seconds=end) for trace in chosen]


def _reports(
    traces: Sequence[Trace], target: Device | None, precision: str | None, counters: Path | None
) -> list[Report]:
    from memprof.analysis.traced import add_counters, analyze_trace
    from memprof.commands.output import progress

    with progress("analysing"):
        reports = [analyze_trace(trace, device=target, precision=precision) for trace in traces]
        return [add_counters(reports[0], counters)] if counters is not None else reports


def _aligned(
    model: str,
    report: Report,
    target: Device | None,
    batch_size: int | None,
    resolution: int | None,
    phase: str | None,
    layout: str | None,
) -> Alignment:
    from memprof.analysis.simulated import analyze
    from memprof.commands.output import output_kept, progress
    from memprof.comparisons.alignment import align

    work = report.workload
    with progress(f"simulating {model}"), output_kept():
        simulated = analyze(
            model,
            device=target or report.device.name,
            batch_size=batch_size or work.batch_size,
            resolution=resolution or work.resolution,
            phase=phase or work.phase,
            precision=work.precision,
            layout=layout or work.layout,
        )
    return align(report, simulated)


def _deliver(
    traces: Sequence[Trace],
    reports: Sequence[Report],
    aligned: Alignment | None,
    output: Path,
    formats: Sequence[str],
    by: str,
    top: int,
    as_json: bool,
) -> None:
    from memprof import reports as writers
    from memprof.commands.output import echo, echo_written, for_terminal, progress, rendered
    from memprof.files import write_files
    from memprof.report.reading import dump_reports
    from memprof.reports.alignment import write_csv as csv
    from memprof.reports.alignment import write_text as terminal

    if as_json:
        text = aligned.to_json() if aligned is not None else dump_reports(reports)
        click.echo(text.encode(), nl=False)  # in UTF-8, whatever the terminal's encoding
        return
    options = for_terminal(by, top)
    ranks = _ranks(traces, reports) if len(reports) > 1 else []
    with progress("writing reports"):
        contents = rendered(reports, formats, options)
        contents |= {"alignment.csv": csv.alignment(aligned)} if aligned is not None else {}
        contents |= {"ranks.csv": csv.ranks(ranks)} if ranks else {}
        paths = write_files(output, contents)
    echo(writers.get("text").render(reports, options).decode())
    if ranks:
        echo(terminal.ranks(ranks, options))
    if aligned is not None:
        echo(terminal.alignment(aligned, options))
    echo_written(paths)


def _ranks(traces: Sequence[Trace], reports: Sequence[Report]) -> list[Rank]:
    from memprof.comparisons.ranks import rank_of

    return [rank_of(trace.rank, report) for trace, report in zip(traces, reports, strict=True)]
