"""memprof validate: hold predictions against measurements."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from memprof.reports.validation.document import Document
    from memprof.validation.tables import Table


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
    help="Single kernels: NeuSight's columns, or stacks of depthwise convolutions. Takes the place of FILE.csv.",
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
    from memprof.files import check_writable
    from memprof.validation.published import published_table
    from memprof.validation.tables import read_table

    if file is not None and kernels is not None:
        raise click.UsageError("give FILE.csv or --kernels FILE, not both")
    source = kernels or file
    _check_outputs(source, csv, plot)
    table = published_table() if source is None else read_table(source)
    for option, path in (("--csv", csv), ("--plot", plot)):
        if path is not None:
            check_writable(path.parent, f"name another file with {option}")
    if kernels is not None:
        _kernels(table, top, as_json, csv, plot)
    else:
        _throughputs(table, jobs, top, as_json, csv, plot)


def _check_outputs(source: Path | None, csv: Path | None, plot: Path | None) -> None:
    named = [path.resolve() for path in (source, csv, plot) if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("the file of measurements, --csv and --plot must be different files")


def _throughputs(table: Table, jobs: int, top: int | None, as_json: bool, csv: Path | None, plot: Path | None) -> None:
    from memprof.validation.prediction import validate

    with _progress("analysing") as advance:
        validation = validate(table, jobs=jobs, progress=advance)
    from memprof.reports.validation import document as validation_document
    from memprof.reports.validation import write_json as data

    def drawn() -> bytes:
        from memprof.reports.validation import scatter as figure

        return figure.draw(validation)

    _write({csv: lambda: data.to_csv(validation), plot: drawn})
    if as_json:
        click.echo(data.to_json(validation), nl=False)
    else:
        _print(lambda wide: validation_document.document(validation, top, wide=wide), csv, plot)


def _kernels(table: Table, top: int | None, as_json: bool, csv: Path | None, plot: Path | None) -> None:
    from memprof.commands.output import progress
    from memprof.reports.kernel_validation import document as validation_kernels
    from memprof.reports.validation import write_json as data
    from memprof.validation.kernels import validate_kernels

    with progress("predicting kernels"):
        validation = validate_kernels(table)

    def drawn() -> bytes:
        from memprof.reports.validation import scatter as figure

        return figure.draw_kernels(validation)

    _write({csv: lambda: data.kernels_to_csv(validation), plot: drawn})
    if as_json:
        click.echo(data.kernels_to_json(validation), nl=False)
    else:
        _print(lambda wide: validation_kernels.document(validation, top, wide=wide), csv, plot)


def _write(wanted: dict[Path | None, Callable[[], bytes]]) -> None:
    """Make the contents of the files that are wanted, then write them."""
    from memprof.files import write_files

    contents = {path: make() for path, make in wanted.items() if path is not None}
    for folder in dict.fromkeys(path.parent for path in contents):
        here = {path.name: content for path, content in contents.items() if path.parent == folder}
        write_files(folder, here, "name another file with --csv or --plot")


def _print(document: Callable[[bool], Document], csv: Path | None, plot: Path | None) -> None:
    from memprof.commands.output import echo, echo_written, for_terminal
    from memprof.reports.parts import document_text as terminal

    options = for_terminal("operator", 1)
    found = document(options.width >= terminal.WIDE)
    echo(terminal.render(found, options.width, color=options.color))
    written = [path for path in (csv, plot) if path is not None]
    if written:
        echo_written(written)


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
