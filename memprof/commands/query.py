"""memprof query: a question in SQL to the results of a sweep."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.answering import answer_options


@click.command()
@click.argument("sql", metavar="[SQL]", default="SELECT * FROM results")
@answer_options
def command(sql: str, results: Path, form: str) -> None:
    """Ask the results of a sweep, the table `results`, in SQL, which DuckDB answers.

    Without a question: all of them, which `--format html` makes a page with filters of.

    It reads that set and nothing else: no other file, no network. docs/scale.md lists the columns.
    """
    from memprof.commands.answering import show
    from memprof.sweeps.answers import ask

    show(ask(results, sql), form)
