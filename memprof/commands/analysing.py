"""What commands with a record of their own share: formats, delivery, layouts to choose the faster of, every phase."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memprof.commands.options import chosen_formats
from memprof.vocabulary import LAYOUTS

if TYPE_CHECKING:
    from memprof.devices.record import Device
    from memprof.report.record import Report

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

best_layout_option = click.option(
    "--layout",
    type=click.Choice(["best", *LAYOUTS]),
    default="best",
    show_default=True,
    help="Of images and weights. best: the faster of both in each phase, as published tables have it.",
)


def record_format_option(command: str, default: str) -> Callable[[Decorated], Decorated]:
    """Return --format for a command with a record of its own, written by the module `command` of memprof.reports."""

    def chosen(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
        formats = _writers(command).FORMATS
        return chosen_formats(value, formats.names, formats.check)

    return click.option(
        "--format",
        "formats",
        default=default,
        show_default=True,
        callback=chosen,
        metavar="LIST",
        help=f"Files to write, separated by commas: {default.replace(',', ', ')}.",
    )


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the record as JSON, and nothing else; write no files."
)


def deliver(found: Any, command: str, stem: str, output: Path, formats: Sequence[str], *, as_json: bool) -> None:
    """Print a record, and write it as `stem` in every format; or, `as_json`, print its JSON only."""
    from memprof.commands.output import echo, echo_written, for_terminal, progress
    from memprof.files import write_files

    writers = _writers(command)
    if as_json:
        click.echo(writers.FORMATS.render(found, "json"), nl=False)  # in UTF-8, whatever the terminal's encoding
        return
    options = for_terminal("kind", 1)
    with progress("writing files"):
        contents = {f"{stem}.{name}": writers.FORMATS.render(found, name) for name in formats}
        paths = write_files(output, contents)
    echo(writers.text(found, width=options.width, color=options.color))
    echo_written(paths)


def _writers(command: str) -> Any:
    """Return the module of memprof.reports that writes a command's record; imported when it is needed."""
    return importlib.import_module(f"memprof.reports.{command}")


def analysed(
    model: str,
    targets: Sequence[Device],
    phases: Sequence[str],
    layout: str,
    *,
    batch_size: int,
    resolution: int | None,
    precision: str | None,
    done: str = "",
) -> list[list[Report]]:
    """Return for each device the reports of a model: in every phase, in both layouts or in the one that is asked for.

    `done` says how far the whole is. A phase and layout are simulated once for all devices of one precision.
    """
    from memprof.analysis.simulated import analyze_on
    from memprof.commands.output import output_kept, progress

    cells: list[list[Report]] = [[] for _ in targets]
    for phase in phases:
        for one in LAYOUTS if layout == "best" else (layout,):
            with progress(f"analysing {model}{done}"), output_kept():
                reports = analyze_on(
                    model,
                    targets,
                    batch_size=batch_size,
                    resolution=resolution,
                    phase=phase,
                    precision=precision,
                    layout=one,
                )
            for cell, report in zip(cells, reports, strict=True):
                cell.append(report)
    return cells
