"""What commands that ask the results of a sweep share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memprof.reports.answer import WRITERS

if TYPE_CHECKING:
    from memprof.sweeps.answers import Answer


def answer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --results and --format; the command gets `results` and `form`."""

    @functools.wraps(command)
    def gathered(**values: Any) -> Any:
        return command(**values)

    results = click.option(
        "--results",
        type=click.Path(path_type=Path),
        default="results",
        show_default=True,
        metavar="DIR",
        help="The folder that `memprof sweep` wrote.",
    )
    form = click.option(
        "--format",
        "form",
        type=click.Choice(WRITERS.names),
        default="text",
        show_default=True,
        help="What is printed.",
    )
    return results(form(gathered))


def show(answer: Answer, form: str) -> None:
    """Print an answer."""
    from memprof.commands.output import echo, for_terminal

    echo(WRITERS.render(answer, form, for_terminal()).decode())
