"""memprof models: list the zoo."""

from __future__ import annotations

import click

_WIDEST = 100
"""Columns of a line of text that people read."""


@click.command()
def command() -> None:
    """List the models of the zoo; any of them can be given to --model, with options after a colon."""
    from memprof.commands.output import echo, for_terminal
    from memprof.models import describe_models

    echo(describe_models(min(_WIDEST, for_terminal().width)))
