"""memprof render: write saved documents again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from memprof.commands.options import by_option, format_option, output_option, top_option
from memprof.reports import saved
from memprof.reports.report import WRITERS
from memprof.reports.writer import Writers

_DEFAULT = ("html", "png")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@output_option
@format_option(saved.EVERY, ",".join(_DEFAULT))
@by_option
@top_option
@click.pass_context
def command(context: click.Context, file: Path, output: Path, formats: tuple[str, ...], by: str, top: int) -> None:
    """Write the document in FILE again, in other formats.

    FILE is a JSON file that memprof wrote: a report or report set, a comparison, explanation, ablation, sweep,
    validation, history, or what several batch sizes gave.
    """
    from memprof.commands.output import Result, echo_written, write_results
    from memprof.files import check_writable
    from memprof.reports.writer import RenderOptions

    document, writers = _read(file)
    if context.get_parameter_source("formats") is ParameterSource.DEFAULT:
        formats = tuple(name for name in _DEFAULT if name in writers.names)
    for name in formats:
        writers.get(name)
    check_writable(output)
    echo_written(write_results([Result(document, writers, formats)], output, RenderOptions(by=by, top=top)))


def _read(file: Path) -> tuple[Any, Writers[Any]]:
    """Return the document in a file with its writers; ReportError says what is wrong with which file."""
    from memprof.errors import ReportError
    from memprof.files import parse_reports, read_document

    content = read_document(file)
    kind = saved.kind_of(content)
    if kind is None:
        return parse_reports(file, content), WRITERS
    try:
        return saved.load(content, kind), kind.writers
    except ReportError as error:
        raise ReportError(f"{file}: {error.what}", error.remedy) from error
