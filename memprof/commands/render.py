"""memprof render: write saved reports again."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.options import by_option, format_option, output_option, top_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@output_option
@format_option("html,png")
@by_option
@top_option
def command(file: Path, output: Path, formats: tuple[str, ...], by: str, top: int) -> None:
    """Write the report or report set in FILE (a report.json) again, in other formats."""
    from memprof.commands.output import echo_written, progress, write_reports
    from memprof.files import check_writable, read_reports
    from memprof.reports import RenderOptions

    found = read_reports(file)
    check_writable(output)
    with progress("writing reports"):
        paths = write_reports(found, output, formats, RenderOptions(by=by, top=top))
    echo_written(paths)
