"""memprof render: write saved reports again."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.options import by_option, format_option, output_option, top_option
from memprof.reports.report import WRITERS


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@output_option
@format_option(WRITERS, "html,png")
@by_option
@top_option
def command(file: Path, output: Path, formats: tuple[str, ...], by: str, top: int) -> None:
    """Write the report or report set in FILE (a report.json) again, in other formats."""
    from memprof.commands.output import Result, echo_written, write_results
    from memprof.files import check_writable, read_reports
    from memprof.reports.writer import RenderOptions

    result = Result(read_reports(file), WRITERS, formats)
    check_writable(output)
    echo_written(write_results([result], output, RenderOptions(by=by, top=top)))
