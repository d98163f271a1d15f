"""What commands share whose work processes do, here or on a cluster: options, the engine, a bar."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from memprof.sweeps.engine import Engine
    from memprof.sweeps.run import Show


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --jobs and --scheduler, None where they are not given."""
    jobs = click.option(
        "--jobs",
        type=click.IntRange(min=0),
        metavar="N",
        help="Processes on this machine; 0 works in this one, without Dask. Default: as many as it has cores.",
    )
    scheduler = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Of a Dask cluster whose workers do it, in place of this machine: tcp://host:8786.",
    )
    return jobs(scheduler(command))


def check_engine(jobs: int | None, scheduler: str | None) -> None:
    """Raise an error where the two contradict each other, or what they need is not installed."""
    from memprof.sweeps.extra import require

    if jobs is not None and scheduler is not None:
        raise click.UsageError("--jobs is of this machine; leave it or --scheduler out")
    require("pyarrow", *([] if jobs == 0 else ["dask", "distributed"]))


def make_engine(stack: ExitStack, jobs: int | None, scheduler: str | None) -> Engine:
    """Return what does the work; it ends with `stack`."""
    from memprof.sweeps import engine

    if jobs == 0:
        return engine.InThisProcess()
    if scheduler is not None:
        return stack.enter_context(engine.on_cluster(scheduler))
    return stack.enter_context(engine.on_this_machine(jobs or _cores()))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def bar(noun: str, total: int) -> Iterator[Show]:
    """Show on standard error, where that is a terminal, how many are done, how fast, and how long is left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from memprof.commands.output import takes_escapes

    console = Console(file=sys.stderr)
    columns = BarColumn(), MofNCompleteColumn(), TextColumn(f"{noun}{{task.fields[speed]}}")
    with Progress(*columns, console=console, transient=True, disable=not takes_escapes(sys.stderr)) as progress:
        shown, began = progress.add_task("", total=total, speed=""), time.monotonic()

        def show(done: int, before: int) -> None:
            speed = f", {_speed(done, total - before - done, time.monotonic() - began)}" if done else ""
            progress.update(shown, completed=before + done, speed=speed)

        yield show


def _speed(done: int, left: int, seconds: float) -> str:
    """Say how fast `done` rows were made in `seconds`, and how long those that are left take at that rate."""
    rate = done / max(seconds, 1e-9)
    return f"{rate:,.{0 if rate >= 10 else 1}f} a second, {timedelta(seconds=round(left / rate))} left"
