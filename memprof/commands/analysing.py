"""What `compare` and `ablate` share: layouts to choose the faster of, every phase of a model, formats of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from memprof.workload import LAYOUTS

if TYPE_CHECKING:
    from memprof.devices.record import Device
    from memprof.report import Report

layout_option = click.option(
    "--layout", type=click.Choice(["best", *LAYOUTS]), default="best", show_default=True,
    help="Of images and weights. best: the faster of both in each phase, as published tables have it.",
)  # fmt: skip


def chosen_formats(value: str, known: Sequence[str], check: Callable[[str], str]) -> tuple[str, ...]:
    """Return the formats of a list separated by commas; an error where one is not known or none is named."""
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not names:
        raise click.BadParameter(f"name at least one of {', '.join(known)}")
    return tuple(check(name) for name in names)


def analysed(
    model: str, targets: Sequence[Device], phases: Sequence[str], layout: str, *, batch_size: int,
    resolution: int | None, precision: str | None, done: str = "",
) -> list[list[Report]]:  # fmt: skip
    """Return for each device the reports of a model: in every phase, in both layouts or in the one that is asked for.

    `done` says how far the whole is. A phase and layout are simulated once for all devices of one precision.
    """
    from memprof.analysis import analyze_on
    from memprof.commands.output import output_kept, progress

    cells: list[list[Report]] = [[] for _ in targets]
    for phase in phases:
        for one in LAYOUTS if layout == "best" else (layout,):
            with progress(f"analysing {model}{done}"), output_kept():
                reports = analyze_on(model, targets, batch_size=batch_size, resolution=resolution, phase=phase,
                                     precision=precision, layout=one)  # fmt: skip
            for cell, report in zip(cells, reports, strict=True):
                cell.append(report)
    return cells
