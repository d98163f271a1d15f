"""memprof sweep: every combination that a file lists, analysed in parallel, as a Parquet set."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.commands.engines import bar, check_engine, engine_options, make_engine
from memprof.commands.options import choose_folder

if TYPE_CHECKING:
    from memprof.sweeps.run import Outcome


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
@engine_options
def command(file: Path, output: Path, jobs: int | None, scheduler: str | None) -> None:
    """Analyse models x devices x settings in parallel, and write a row for each combination into a Parquet set.

    The file lists what is combined, in TOML: models, devices, and any of precision, batch_size, resolution, phase,
    layout and stack. The same command again does only what is missing. docs/scale.md says more, also about clusters.
    """
    from memprof.sweeps.reading import read_sweep

    check_engine(jobs, scheduler)
    asked = read_sweep(file)
    from memprof.commands.output import echo
    from memprof.sweeps.run import run

    with ExitStack() as stack, bar("rows", asked.sweep.row_count) as show:
        outcome = run(asked, output, lambda: make_engine(stack, jobs, scheduler), show)
    echo(_words(outcome, output))


def _words(outcome: Outcome, output: Path) -> str:
    if not outcome.parts:
        return f"Nothing is missing: {output} has all {outcome.before:,} rows.\n"
    before = f", beside {outcome.before:,} that were there" if outcome.before else ""
    have = "has" if outcome.failed == 1 else "have"
    failed = f"\n{outcome.failed:,} of them {have} no figure; `failed_because` says why" if outcome.failed else ""
    files = "one file" if outcome.parts == 1 else f"{outcome.parts:,} files"
    return f"Written: {outcome.rows:,} rows in {files} of {output}{before}{failed}\n"
