"""memprof sweep: every combination that a file lists, analysed in parallel, as a Parquet set."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.commands.options import choose_folder

if TYPE_CHECKING:
    from memprof.sweeps.engine import Engine
    from memprof.sweeps.run import Outcome, Show


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="SWEEP.toml")
@click.option(
    "--output",
    type=click.Path(),
    default="results",
    show_default=True,
    metavar="DIR",
    callback=choose_folder,
    help="Folder for the Parquet set; made where missing. One that holds a part of this sweep is gone on with.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    metavar="N",
    help="Processes on this machine; 0 works in this one, without Dask. Default: as many as it has cores.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Of a Dask cluster whose workers do it, in place of this machine: tcp://host:8786.",
)
def command(file: Path, output: Path, jobs: int | None, scheduler: str | None) -> None:
    """Analyse models x devices x settings in parallel, and write a row for each combination into a Parquet set.

    The file lists what is combined, in TOML: models, devices, and any of precision, batch_size, resolution, phase,
    layout and stack. The same command again does only what is missing. docs/scale.md says more, also about clusters.
    """
    if jobs is not None and scheduler is not None:
        raise click.UsageError("--jobs is of this machine; leave it or --scheduler out")
    from memprof.sweeps.extra import require
    from memprof.sweeps.reading import read_sweep

    require("pyarrow", *([] if jobs == 0 else ["dask", "distributed"]))
    asked = read_sweep(file)
    from memprof.commands.output import echo
    from memprof.sweeps.run import run

    with ExitStack() as stack, _bar(asked.sweep.row_count) as show:
        outcome = run(asked, output, lambda: _engine(stack, jobs, scheduler), show)
    echo(_words(outcome, output))


def _engine(stack: ExitStack, jobs: int | None, scheduler: str | None) -> Engine:
    from memprof.sweeps import engine

    if jobs == 0:
        return engine.InThisProcess()
    if scheduler is not None:
        return stack.enter_context(engine.on_cluster(scheduler))
    return stack.enter_context(engine.on_this_machine(jobs or _cores()))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _bar(total: int) -> Iterator[Show]:
    """Show on standard error, where that is a terminal, how many rows are done, how fast, and how long is left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from memprof.commands.output import takes_escapes

    console = Console(file=sys.stderr)
    columns = BarColumn(), MofNCompleteColumn(), TextColumn("rows{task.fields[speed]}")
    with Progress(*columns, console=console, transient=True, disable=not takes_escapes(sys.stderr)) as progress:
        bar, began = progress.add_task("", total=total, speed=""), time.monotonic()

        def show(done: int, before: int) -> None:
            speed = f", {_speed(done, total - before - done, time.monotonic() - began)}" if done else ""
            progress.update(bar, completed=before + done, speed=speed)

        yield show


def _speed(done: int, left: int, seconds: float) -> str:
    """Say how fast `done` rows were made in `seconds`, and how long those that are left take at that rate."""
    rate = done / max(seconds, 1e-9)
    return f"{rate:,.0f} a second, {timedelta(seconds=round(left / rate))} left"


def _words(outcome: Outcome, output: Path) -> str:
    if not outcome.parts:
        return f"Nothing is missing: {output} has all {outcome.before:,} rows.\n"
    before = f", beside {outcome.before:,} that were there" if outcome.before else ""
    have = "has" if outcome.failed == 1 else "have"
    failed = f"\n{outcome.failed:,} of them {have} no figure; `failed_because` says why" if outcome.failed else ""
    files = "one file" if outcome.parts == 1 else f"{outcome.parts:,} files"
    return f"Written: {outcome.rows:,} rows in {files} of {output}{before}{failed}\n"
