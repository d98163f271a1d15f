"""memprof gate history: add what is accepted now to the history, and plot it over commits."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.gating import baseline_option, config_option
from memprof.commands.options import chosen_look, format_option, output_option
from memprof.reports.history import WRITERS
from memprof.reports.writer import RenderOptions


@click.command("history")
@baseline_option
@config_option
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The history. Default: memprof-history.sqlite beside the baseline.",
)
@click.option("--commit", default="HEAD", show_default=True, metavar="REV", help="The commit that accepts it.")
@click.option("--metric", default="seconds", show_default=True, metavar="NAME", help="What to plot.")
@output_option
@format_option(WRITERS, "html,png,json")
def command(
    baseline_file: Path | None,
    config_file: Path | None,
    file: Path | None,
    commit: str,
    metric: str,
    output: Path,
    formats: tuple[str, ...],
) -> None:
    """Add the accepted figures to the history under the current commit, and plot a metric over commits.

    Run it where a baseline has been accepted: on the main branch.
    """
    from memprof.commands.output import echo, echo_written, progress
    from memprof.files import check_writable, write_files
    from memprof.gate.baseline import load_baseline
    from memprof.gate.config import load_config
    from memprof.gate.history import FILE_NAME, append, find_commit, read
    from memprof.reports.history.tables import commits, find_metric

    chosen = find_metric(metric)
    source = baseline_file or load_config(config_file).baseline
    accepted = load_baseline(source)
    check_writable(output)
    kept = file or source.parent / FILE_NAME
    append(kept, accepted, find_commit(source.parent, commit))
    history = read(kept)
    from memprof.reports.history import History

    with progress("drawing"):
        options = RenderOptions(look=chosen_look())
        paths = write_files(output, WRITERS.files(History(history, chosen), formats, WRITERS.stem, options))
    count = len(commits(history))
    echo(f"{count} commit{'' if count == 1 else 's'} in {kept}\n")
    echo_written(paths)
