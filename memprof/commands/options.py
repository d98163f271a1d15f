"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

DEFAULT_OUTPUT = Path("memprof-report")

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def complete_models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of the zoo."""
    from memprof.models import list_models

    return [name for name in list_models() if name.startswith(incomplete)]


def complete_devices(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of the catalogue, and files where none begins like that."""
    from memprof.devices import list_devices

    names = [device.name for device in list_devices() if device.name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_formats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the last of the formats that commas separate."""
    from memprof import reports

    begun, comma, last = incomplete.rpartition(",")
    return [f"{begun}{comma}{name}" for name in reports.NAMES if name.startswith(last)]


def _folder(ctx: click.Context, parameter: click.Parameter, value: Path | str) -> Path:
    if not str(value):
        raise click.BadParameter("the name of the folder is empty")
    return Path(value)


def _formats(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from memprof import reports

    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not names:
        raise click.BadParameter(f"name at least one of {', '.join(reports.NAMES)}")
    for name in names:
        reports.get(name)
    return names


def format_option(default: str) -> _Decorator:
    """Return the option --format, a list of writers separated by commas."""
    return click.option("--format", "formats", default=default, show_default=True, callback=_formats, metavar="LIST",
                        shell_complete=complete_formats,
                        help="Files to write, separated by commas: html, png, json, csv, md, text.")  # fmt: skip


output_option = click.option(
    "--output", type=click.Path(), default=DEFAULT_OUTPUT, show_default=True, metavar="DIR", callback=_folder,
    help="Folder for the files; made where missing.",
)  # fmt: skip
by_option = click.option(
    "--by", type=click.Choice(["operator", "module", "kind"]), default="operator", show_default=True,
    help="What the table of the most expensive groups by.",
)  # fmt: skip
top_option = click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Rows of that table."
)
