"""Where results go: files into a folder, text to standard output, progress to a terminal, for every command."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar

import click

from memprof.commands.options import chosen_look
from memprof.files import write_files
from memprof.reports.writer import RenderOptions, Writers

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class Result(Generic[Document]):
    """A document that a command has made, with its writers and the formats in which files of it are wanted."""

    document: Document
    writers: Writers[Document]
    formats: Sequence[str] = ()

    def print_json(self) -> None:
        """Print the document as JSON, in UTF-8 whatever the terminal's encoding."""
        click.echo(self.writers.render(self.document, "json"), nl=False)

    def print_text(self, options: RenderOptions) -> None:
        """Print the document as text."""
        echo(self.writers.render(self.document, "text", options).decode())


def deliver(
    results: Sequence[Result[Any]], folder: Path, options: RenderOptions | None = None, *, as_json: bool = False
) -> None:
    """Write documents into a folder, all files or none, then print their texts and which files were written.

    Or, `as_json`, print the first one's JSON, and nothing else.
    """
    if as_json:
        results[0].print_json()
        return
    shown = options or for_terminal()
    prepared = [replace(result, document=result.writers.prepare(result.document)) for result in results]
    # The files come first: a reader of the text that leaves, as `head` does, must not cost them.
    paths = write_results(prepared, folder, shown)
    for result in prepared:
        result.print_text(shown)
    echo_written(paths)


def write_results(results: Sequence[Result[Any]], folder: Path, options: RenderOptions) -> list[Path]:
    """Write documents into a folder, all files or none; return their paths. No file has a terminal's colours."""
    plain = replace(options, color=False, look=chosen_look())
    with progress("writing files"):
        contents: dict[str, bytes] = {}
        for result in results:
            contents |= result.writers.files(result.document, result.formats, result.writers.stem, plain)
        return write_files(folder, contents)


def for_terminal(by: str = "operator", top: int = 10) -> RenderOptions:
    """Return the options for text on standard output: as wide as the terminal, coloured where it is one."""
    color = takes_escapes(sys.stdout)
    return RenderOptions(by=by, top=top, width=shutil.get_terminal_size((100, 24)).columns, color=color)


def echo(text: str) -> None:
    """Print text; a mark that the encoding of standard output lacks becomes a question mark."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)


def echo_written(paths: Sequence[Path]) -> None:
    """Say which files were written."""
    echo(f"Written: {', '.join(map(str, paths))}\n")


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show on standard error what is going on, only where that is a terminal, and may be sent escapes."""
    shown = takes_escapes(sys.stderr)
    if shown:
        click.echo(f"{what} ...", err=True, nl=False)
    try:
        yield
    finally:
        if shown:
            click.echo("\r\x1b[2K", err=True, nl=False)


@contextmanager
def redirect_output() -> Iterator[None]:
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


def takes_escapes(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal whose user wants colours, and lines that are written over.

    NO_COLOR, where it is set to anything, refuses both (no-color.org), and so does a TERM that knows none.
    """
    return bool(stream and stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
