"""memprof measure --suite: a fixed set of kernels and networks, timed here, in files that validation reads."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from memprof.errors import WorkloadError

FORMATS = ("networks", "kernels", "json")
SHORTEST, LONGEST = 0.05, 120.0
"""Minutes that a suite may take."""


def suite_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --suite and --minutes: with the first, the suite is measured in place of the command's models."""

    @functools.wraps(command)
    def gathered(suite: bool, minutes: float, **values: Any) -> None:
        if not suite and not values["models"]:
            raise click.UsageError("missing option '--model'", click.get_current_context())
        if suite and values["models"]:
            raise click.UsageError("--suite measures networks of its own: leave the models out")
        if suite:
            measure_suite(values["device"], minutes, values["output"], as_json=values["as_json"])
        else:
            command(**values)

    named = click.option(
        "--suite",
        is_flag=True,
        help="Instead of models, a fixed set of kernels and networks, in files that `memprof validate` reads.",
    )
    longest = click.option(
        "--minutes", type=float, default=10.0, show_default=True, metavar="N", help="That --suite may take, about."
    )
    return named(longest(gathered))


def measure_suite(device: str, minutes: float, output: Path, *, as_json: bool) -> None:
    """Time the suite on the device and write its files; WorkloadError for minutes that make no sense."""
    from memprof.commands.output import Result, deliver, redirect_output
    from memprof.commands.processes import counted
    from memprof.files import check_writable
    from memprof.reports.suite import WRITERS

    if not SHORTEST <= minutes <= LONGEST:
        raise WorkloadError(f"{minutes:g} minutes are no time for the suite", f"give {SHORTEST} to {LONGEST:g}")
    if not as_json:
        check_writable(output)
    from memprof.suite.whole import run_suite

    with counted(f"timing kernels and networks on the {device}") as progress, redirect_output():
        suite = run_suite(device, minutes, progress)
    deliver([Result(suite, WRITERS, FORMATS)], output, as_json=as_json)
