"""Models in every phase and layout, for the commands that compare and vary them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memprof.vocabulary import LAYOUTS

if TYPE_CHECKING:
    from memprof.analysis.asking import Asked
    from memprof.devices.record import Device
    from memprof.report.record import Report


def check_first(models: Sequence[str], folder: Path | None) -> None:
    """Raise MemprofError where a model is none or the folder takes no files, before the first model is analysed."""
    from memprof.files import check_writable
    from memprof.models import canonical_name

    for model in models:
        canonical_name(model)
    if folder is not None:
        check_writable(folder)


def analyse_layouts(
    model: str,
    targets: Sequence[Device],
    phases: Sequence[str],
    layout: str,
    *,
    asked: Asked,
    precision: str | None,
    host: str,
    stack: str,
    done: str = "",
) -> list[list[Report]]:
    """Return for each device the reports of a model: in every phase, in both layouts ("best") or in the one asked for.

    `done` says how far the whole is. A phase and layout are simulated once for all devices of one precision.
    """
    from memprof.commands.output import progress, redirect_output

    cells: list[list[Report]] = [[] for _ in targets]
    for phase in phases:
        for one in LAYOUTS if layout == "best" else (layout,):
            with progress(f"analysing {model}{done}"), redirect_output():
                reports = asked.analyze(
                    model,
                    targets,
                    phase=phase,
                    precision=precision,
                    layout=one,
                    host=host,
                    stack=stack,
                )
            for cell, report in zip(cells, reports, strict=True):
                cell.append(report)
    return cells
