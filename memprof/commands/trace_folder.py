"""A folder of traces, for memprof trace: read in parallel into a Parquet set, and what it says over time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from memprof.commands.engines import bar, check_engine, engine_options, make_engine
from memprof.reports.trace_history import WRITERS

_OPTIONS = ("device", "precision", "max_size", "jobs", "scheduler", "output", "as_json")
"""Those that go with a folder."""


def or_folder(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take a folder of traces in place of files; add --jobs and --scheduler, which go with one."""

    @functools.wraps(command)
    def either(files: tuple[Path, ...], jobs: int | None, scheduler: str | None, **values: Any) -> Any:
        if not any(file.is_dir() for file in files):
            if jobs is not None or scheduler is not None:
                raise click.UsageError("--jobs and --scheduler go with a folder of traces")
            return command(files=files, **values)
        _check(click.get_current_context(), files)
        asked = {name: values[name] for name in ("output", "device", "precision", "max_size", "as_json")}
        return _trace_folder(files[0], jobs=jobs, scheduler=scheduler, **asked)

    return engine_options(either)


def _check(context: click.Context, files: Sequence[Path]) -> None:
    """Raise UsageError where something is asked for that goes with single traces only."""
    if len(files) > 1:
        raise click.UsageError("a folder of traces goes alone: give one folder, or files", context)
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and isinstance(option, click.Option) and option.name not in _OPTIONS:
            raise click.UsageError(f"{option.opts[0]} goes with single traces, not with a folder of them", context)


def _trace_folder(
    folder: Path,
    *,
    output: Path,
    device: str | None,
    precision: str | None,
    max_size: int,
    as_json: bool,
    jobs: int | None,
    scheduler: str | None,
) -> None:
    """Read what is new in a folder into the set in `output`, then say what the set says."""
    from memprof import devices
    from memprof.commands.output import Result, deliver, echo
    from memprof.sweeps.extra import require
    from memprof.sweeps.trace_history import history
    from memprof.sweeps.trace_rows import Wanted, find_traces, read_traces

    check_engine(jobs, scheduler)
    require("duckdb")
    target = devices.get(device) if device is not None else None
    files = find_traces(folder)
    wanted = Wanted(target, precision, max_size << 30)
    with ExitStack() as stack, bar("traces", len(files)) as show:
        done = read_traces(folder, files, wanted, output, lambda: make_engine(stack, jobs, scheduler), show)
    deliver([Result(history(output), WRITERS, ["json", "md"])], output, as_json=as_json)
    if not as_json:
        echo(f"Read: {done.rows:,} traces into {output}, beside {done.before:,} that were there\n")
