"""Where results go: reports into a folder, text to standard output, progress to a terminal, for every command."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from memprof import reports as writers
from memprof.files import write_files
from memprof.report.record import Report


def write_reports(
    found: Sequence[Report], folder: Path, formats: Sequence[str], options: writers.RenderOptions
) -> list[Path]:
    """Render reports in every format, then write the files `report.EXTENSION`, all or none; return their paths."""
    return write_files(folder, rendered(found, formats, options))


def rendered(found: Sequence[Report], formats: Sequence[str], options: writers.RenderOptions) -> dict[str, bytes]:
    """Return the contents of the files `report.EXTENSION`, one for each format."""
    chosen = [writers.get(name) for name in formats]
    return {f"report.{writer.extension}": writer.render(found, options) for writer in chosen}


def for_terminal(by: str, top: int) -> writers.RenderOptions:
    """Return the options for text on standard output: as wide as the terminal, coloured where it is one."""
    color = _is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    return writers.RenderOptions(by=by, top=top, width=shutil.get_terminal_size((100, 24)).columns, color=color)


def echo(text: str) -> None:
    """Print text; a mark that the encoding of standard output lacks becomes a question mark."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)


def echo_written(paths: Sequence[Path]) -> None:
    """Say which files were written."""
    echo(f"Written: {', '.join(map(str, paths))}\n")


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show on standard error what is going on, only where that is a terminal."""
    shown = _is_terminal(sys.stderr)
    if shown:
        click.echo(f"{what} ...", err=True, nl=False)
    try:
        yield
    finally:
        if shown:
            click.echo("\r\x1b[2K", err=True, nl=False)


@contextmanager
def output_kept() -> Iterator[None]:
    """Send to standard error what a model's code prints past Python: from C++, or by a program that it starts.

    What it prints with Python goes there already; standard output is the report's alone.
    """
    try:
        kept = os.dup(1)
    except OSError:  # closed: nothing to keep
        yield
        return
    try:
        with suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
