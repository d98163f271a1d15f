"""memprof validate: hold predictions against measurements."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from memprof.commands.asking import BATCH_SIZE, RESOLUTION, input_option
from memprof.commands.naming import one_of
from memprof.commands.options import (
    chosen_look,
    complete_devices,
    complete_models,
    format_option,
    json_option,
    output_option,
    stack_option,
)
from memprof.commands.processes import counted, jobs_option
from memprof.errors import WorkloadError
from memprof.reports.kernel_validation import WRITERS as KERNELS
from memprof.reports.trace_validation import WRITERS as TRACES
from memprof.reports.validation import WRITERS as THROUGHPUTS
from memprof.reports.writer import FIGURE_FORMATS, RenderOptions
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import LAYOUTS, PHASES

if TYPE_CHECKING:
    from memprof.commands.output import Result
    from memprof.validation.kernels import KernelValidation
    from memprof.validation.records import Validation
    from memprof.validation.tables import Table
    from memprof.validation.trace_records import TraceValidation

_OF_TRACE = ("model", "batch_size", "resolution", "inputs", "phase", "precision", "layout", "stack", "device")
"""What goes with --trace only."""


def _format_of(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _out(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not value.name:
        raise click.BadParameter("the name of the file is empty")
    if value is not None and parameter.name == "plot" and _format_of(value) not in FIGURE_FORMATS:
        raise click.BadParameter(f"{value} must end in {', '.join(f'.{name}' for name in FIGURE_FORMATS)}")
    return value


def _trace_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --trace and what goes with it; the command gets the latter together, as the dict `wanted`."""

    @functools.wraps(command)
    def gathered(**values: Any) -> None:
        wanted = {name: values.pop(name) for name in _OF_TRACE}
        command(**values, wanted=wanted)

    options = (
        click.option(
            "--trace",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A trace of torch.profiler, held against --model layer by layer. Takes the place of FILE.csv.",
        ),
        click.option("--model", metavar="NAME", shell_complete=complete_models, help="The model that was traced."),
        click.option("--batch-size", type=BATCH_SIZE, help="Of the traced run. Default: as the trace shows."),
        click.option(
            "--resolution",
            type=RESOLUTION,
            metavar="PIXELS|HxW",
            help="Default: as the trace shows, else the model's own.",
        ),
        input_option,
        click.option("--phase", type=click.Choice(PHASES), help="Default: as the trace shows."),
        click.option("--precision", type=click.Choice(list(PRECISIONS)), help="Default: as the trace shows."),
        click.option(
            "--layout", type=click.Choice(LAYOUTS), help="Default: as the trace shows, without shapes channels-first."
        ),
        stack_option,
        click.option(
            "--device",
            metavar="NAME|FILE",
            shell_complete=complete_devices,
            multiple=True,
            callback=one_of("--device", "a trace ran on one"),
            help="What ran the trace. Default: the GPU that it names.",
        ),
    )
    return functools.reduce(lambda chosen, option: option(chosen), reversed(options), gathered)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE.csv]")
@click.option(
    "--kernels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Single kernels: NeuSight's columns, stacks of depthwise convolutions, matrix products, DeepBench's "
    "convolutions. Takes the place of FILE.csv.",
)
@_trace_options
@jobs_option
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="Print the N rows that are furthest off. Default: all rows of a small file, 20 of a large one.",
)
@output_option
@format_option(THROUGHPUTS, "html,png,json")
@json_option()
@click.option(
    "--csv",
    "csv",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_out,
    metavar="OUT",
    help="Write the file's columns with what is predicted beside them.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_out,
    metavar="OUT.png",
    help="Draw predicted against measured: a .png, .svg or .pdf.",
)
@click.pass_context
def command(
    context: click.Context,
    file: Path | None,
    kernels: Path | None,
    trace: Path | None,
    wanted: dict[str, Any],
    jobs: int,
    top: int | None,
    output: Path,
    formats: tuple[str, ...],
    as_json: bool,
    csv: Path | None,
    plot: Path | None,
) -> None:
    """Hold predictions against measurements: how far off they are, and whether they get the order right.

    Files go into --output, or, where only --csv or --plot is given, just there.

    FILE.csv has a line for each measured throughput, with the columns device, dtype, layout, batch, resolution, phase,
    model, images_per_second, and perhaps source, stack and compiled (docs/validate.md). Without it, the figures of the
    InceptionNeXt README on an A100 are used, which ship with memprof. With --kernels single kernels are predicted, with
    --trace and --model the operators of a traced run.
    """
    from memprof.commands.output import echo_written, for_terminal, write_results
    from memprof.files import check_writable

    _check_sources(file, kernels, trace, wanted)
    _check_outputs(kernels or trace or file, csv, plot)
    files = {"csv": csv} if csv is not None else {}
    files |= {_format_of(plot): plot} if plot is not None else {}
    for path in files.values():
        check_writable(path.parent, f"name another file with {'--csv' if path is csv else '--plot'}")
    chosen = any(context.get_parameter_source(name) is not ParameterSource.DEFAULT for name in ("output", "formats"))
    in_folder = not as_json and (chosen or not files)
    if in_folder:
        check_writable(output)
    result = _validate(file, kernels, jobs) if trace is None else _validate_trace(trace, wanted)
    _write(result, files)
    if as_json:
        result.print_json()
        return
    options = for_terminal(top=top or 0)
    written = write_results([replace(result, formats=formats)], output, options) if in_folder else []
    result.print_text(options)
    echo_written([*written, *files.values()])


def _check_sources(file: Path | None, kernels: Path | None, trace: Path | None, wanted: dict[str, Any]) -> None:
    names = ("FILE.csv", "--kernels FILE", "--trace FILE")
    given = [name for name, path in zip(names, (file, kernels, trace), strict=True) if path is not None]
    if len(given) > 1:
        raise click.UsageError(f"give {' or '.join(given)}, not both")
    if trace is None:
        alone = next((name for name, value in wanted.items() if value not in (None, "", ())), None)
        if alone is not None:
            raise click.UsageError(f"--{alone.replace('_', '-').removesuffix('s')} goes with --trace")
    elif wanted["model"] is None:
        raise WorkloadError(f"{trace} does not say which model it is of", "name it with --model")


def _check_outputs(source: Path | None, csv: Path | None, plot: Path | None) -> None:
    named = [path.resolve() for path in (source, csv, plot) if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("the file of measurements, --csv and --plot must be different files")


def _validate(file: Path | None, kernels: Path | None, jobs: int) -> Result[Any]:
    from memprof.commands.output import Result
    from memprof.validation.published import published_table
    from memprof.validation.tables import read_table

    if kernels is not None:
        return Result(_validate_kernels(read_table(kernels)), KERNELS)
    table = published_table() if file is None else read_table(file)
    return Result(_validate_throughputs(table, jobs), THROUGHPUTS)


def _validate_trace(trace: Path, wanted: dict[str, Any]) -> Result[TraceValidation]:
    from memprof import devices
    from memprof.commands.output import Result, progress, redirect_output
    from memprof.models import canonical_name
    from memprof.traces.reading import read_trace

    model, device = wanted.pop("model"), wanted.pop("device")
    name = canonical_name(model)
    target = devices.get(device) if device is not None else None
    with progress(f"reading {trace}"):
        record = read_trace(trace)
    with progress(f"simulating {name}"), redirect_output():
        # Torch is met only from here on, so that a mistake above is told at once.
        from memprof.validation.traced_workload import Wanted
        from memprof.validation.traces import validate_trace

        return Result(validate_trace(record, model, device=target, wanted=Wanted(**wanted)), TRACES)


def _validate_throughputs(table: Table, jobs: int) -> Validation:
    from memprof.validation.prediction import validate

    with counted("analysing") as advance:
        return validate(table, jobs=jobs, progress=advance)


def _validate_kernels(table: Table) -> KernelValidation:
    from memprof.commands.output import progress
    from memprof.validation.kernels import validate_kernels

    with progress("predicting kernels"):
        return validate_kernels(table)


def _write(result: Result[Any], files: dict[str, Path]) -> None:
    """Make the contents of files, by their formats, then write them."""
    from memprof.files import write_files

    options = RenderOptions(look=chosen_look())
    contents = {path: result.writers.render(result.document, name, options) for name, path in files.items()}
    for folder in dict.fromkeys(path.parent for path in contents):
        here = {path.name: content for path, content in contents.items() if path.parent == folder}
        write_files(folder, here, "name another file with --csv or --plot")
