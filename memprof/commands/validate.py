"""memprof validate: hold predictions against measurements."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memprof.reports.kernel_validation import WRITERS as KERNELS
from memprof.reports.validation import WRITERS as THROUGHPUTS

if TYPE_CHECKING:
    from memprof.commands.output import Result
    from memprof.validation.kernels import KernelValidation
    from memprof.validation.records import Validation
    from memprof.validation.tables import Table

_OPTIONS = {"csv": "--csv", "png": "--plot"}
"""The option that names the file of a format."""


def _jobs() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _out(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not value.name:
        raise click.BadParameter("the name of the file is empty")
    if value is not None and parameter.name == "plot" and value.suffix.lower() != ".png":
        raise click.BadParameter(f"{value} must end in .png")
    return value


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE.csv]")
@click.option(
    "--kernels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Single kernels: NeuSight's columns, stacks of depthwise convolutions, matrix products, DeepBench's "
    "convolutions. Takes the place of FILE.csv.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=_jobs,
    show_default="one per processor",
    metavar="N",
    help="Processes that analyse models side by side. The result does not depend on it.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="Print the N rows that are furthest off. Default: all rows of a small file, 20 of a large one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
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
    help="Draw predicted against measured.",
)
def command(
    file: Path | None,
    kernels: Path | None,
    jobs: int,
    top: int | None,
    as_json: bool,
    csv: Path | None,
    plot: Path | None,
) -> None:
    """Hold predictions against measurements: how far off they are, and whether they get the order right.

    FILE.csv has a line for each measured throughput, with the columns device, dtype, layout, batch, resolution, phase,
    model, images_per_second, and perhaps source, stack and compiled (docs/validate.md). Without it, the figures of the
    InceptionNeXt README on an A100 are used, which ship with memprof.
    """
    from memprof.commands.output import Result, echo_written, for_terminal
    from memprof.files import check_writable
    from memprof.validation.published import published_table
    from memprof.validation.tables import read_table

    if file is not None and kernels is not None:
        raise click.UsageError("give FILE.csv or --kernels FILE, not both")
    source = kernels or file
    _check_outputs(source, csv, plot)
    table = published_table() if source is None else read_table(source)
    files = {name: path for name, path in (("csv", csv), ("png", plot)) if path is not None}
    for name, path in files.items():
        check_writable(path.parent, f"name another file with {_OPTIONS[name]}")
    result: Result[Any]
    if kernels is None:
        result = Result(_validate_throughputs(table, jobs), THROUGHPUTS)
    else:
        result = Result(_validate_kernels(table), KERNELS)
    _write(result, files)
    if as_json:
        result.print_json()
        return
    result.print_text(for_terminal(top=top or 0))
    if files:
        echo_written(list(files.values()))


def _check_outputs(source: Path | None, csv: Path | None, plot: Path | None) -> None:
    named = [path.resolve() for path in (source, csv, plot) if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("the file of measurements, --csv and --plot must be different files")


def _validate_throughputs(table: Table, jobs: int) -> Validation:
    from memprof.validation.prediction import validate

    with _progress("analysing") as advance:
        return validate(table, jobs=jobs, progress=advance)


def _validate_kernels(table: Table) -> KernelValidation:
    from memprof.commands.output import progress
    from memprof.validation.kernels import validate_kernels

    with progress("predicting kernels"):
        return validate_kernels(table)


def _write(result: Result[Any], files: dict[str, Path]) -> None:
    """Make the contents of files, by their formats, then write them."""
    from memprof.files import write_files

    contents = {path: result.writers.render(result.document, name) for name, path in files.items()}
    for folder in dict.fromkeys(path.parent for path in contents):
        here = {path.name: content for path, content in contents.items() if path.parent == folder}
        write_files(folder, here, "name another file with --csv or --plot")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on standard error, only where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(shown, completed=done, total=total)
