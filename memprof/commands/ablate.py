"""memprof ablate: vary a model one choice at a time, or one of its numbers over a range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memprof.analysis.asking import ask
from memprof.commands.analysing import analyse_layouts
from memprof.commands.asking import batch_size_option
from memprof.commands.naming import device_option, model_option
from memprof.commands.options import (
    best_layout_option,
    format_option,
    host_options,
    json_option,
    output_option,
    precision_option,
    stack_option,
)
from memprof.reports.ablate import WRITERS as ABLATION
from memprof.reports.sweep import WRITERS as SWEEP
from memprof.reports.writer import Writers
from memprof.vocabulary import PHASES

if TYPE_CHECKING:
    from memprof.report.record import Report
    from memprof.whatif.ablation import Ablation
    from memprof.whatif.sweep import Sweep


@click.command()
@model_option("A ConvNeXt or InceptionNeXt of `memprof models`, also with options: inceptionnext_t.")
@click.option(
    "--sweep",
    "asked",
    default=None,
    metavar="OPTION=VALUES",
    help="Instead of the paper's variants, the values of one numeric option: kernel=3..31 (odd sizes), "
    "kernel=3..31:4 (steps of 4), kernel=3,7,11, conv_ratio=1/8,1/4,1/2.",
)
@device_option
@host_options
@stack_option
@precision_option
@batch_size_option
@click.option("--resolution", type=int, help="Pixels a side. Default: the model's own, mostly 224.")
@click.option("--phase", type=click.Choice(PHASES), default=None, help="Default: both inference and training.")
@best_layout_option
@output_option
@format_option(ABLATION, "html,md,csv,png,json")
@json_option()
def command(
    model: str,
    asked: str | None,
    device: str,
    host: str,
    stack: str,
    precision: str | None,
    batch_size: int | None,
    resolution: int | None,
    phase: str | None,
    layout: str,
    output: Path,
    formats: tuple[str, ...],
    as_json: bool,
) -> None:
    """Vary a model one choice at a time, as its paper does, and predict the throughput of each variant.

    With --sweep, the predicted step time against one number of the model, such as the size of its kernel.
    """
    from memprof import devices
    from memprof.commands.output import Result, deliver
    from memprof.files import check_writable

    given = ask((), resolution, batch_size)
    target = devices.get(device)
    plan = _plan_variants(model) if asked is None else _plan_sweep(model, asked)
    if not as_json:
        check_writable(output)
    cells = []
    for place, name in enumerate(plan.models):
        cells += analyse_layouts(
            name,
            [target],
            [phase] if phase else PHASES,
            layout,
            asked=given,
            precision=precision,
            host=host,
            stack=stack,
            done=f" ({place + 1} of {len(plan.models)})",
        )
    deliver([Result(plan.conclude(cells), plan.writers, formats)], output, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Models to analyse, what then becomes of their reports, and who writes that."""

    models: Sequence[str]
    conclude: Callable[[Sequence[Sequence[Report]]], Ablation | Sweep]
    writers: Writers[Any]


def _plan_variants(model: str) -> _Plan:
    """Plan the variants of a model; a mistake in its name is told before anything is analysed."""
    from memprof.whatif import ablation

    variants = ablation.variants(model)
    return _Plan(
        [variant.model for variant in variants],
        lambda cells: ablation.ablate(list(zip(variants, cells, strict=True))),
        ABLATION,
    )


def _plan_sweep(model: str, asked: str) -> _Plan:
    """Plan a sweep; a mistake in the model or the option is told before anything is analysed."""
    from memprof.whatif import sweep

    settings = sweep.plan(model, asked)
    return _Plan(
        [setting.model for setting in settings.settings],
        lambda cells: sweep.sweep(settings, cells),
        SWEEP,
    )
