"""memprof models: list the zoo."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """List the models of the zoo; any of them can be given to --model, with options after a colon."""
    from memprof.models import describe_models

    click.echo(describe_models(), nl=False)
