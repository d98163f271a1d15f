"""memprof ablate: vary a model one choice at a time, or one of its numbers over a range."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.commands.analysing import analysed, best_layout_option, deliver, json_option, record_format_option
from memprof.commands.options import (
    batch_size_option,
    complete_models,
    device_option,
    output_option,
    precision_option,
    resolution_option,
)
from memprof.vocabulary import PHASES

if TYPE_CHECKING:
    from memprof.report.record import Report
    from memprof.whatif.ablation import Ablation
    from memprof.whatif.sweep import Sweep


@click.command()
@click.option(
    "--model",
    required=True,
    metavar="NAME",
    shell_complete=complete_models,
    help="A ConvNeXt or InceptionNeXt of `memprof models`, also with options: inceptionnext_t.",
)
@click.option(
    "--sweep",
    "asked",
    default=None,
    metavar="OPTION=VALUES",
    help="Instead of the paper's variants, the values of one numeric option: kernel=3..31 (odd sizes), "
    "kernel=3..31:4 (steps of 4), kernel=3,7,11, conv_ratio=1/8,1/4,1/2.",
)
@device_option
@precision_option
@batch_size_option
@resolution_option
@click.option("--phase", type=click.Choice(PHASES), default=None, help="Default: both inference and training.")
@best_layout_option
@output_option
@record_format_option("ablate", "md,csv,png,json")
@json_option
def command(
    model: str,
    asked: str | None,
    device: str,
    precision: str | None,
    batch_size: int,
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
    from memprof.files import check_writable
    from memprof.reports import ablate as writers

    target = devices.get(device)

    def analyse(name: str, done: str) -> list[Report]:
        (cell,) = analysed(
            name,
            [target],
            [phase] if phase else PHASES,
            layout,
            batch_size=batch_size,
            resolution=resolution,
            precision=precision,
            done=done,
        )
        return cell

    run = _prepared(model, asked)
    if not as_json:
        check_writable(output)
    found = run(analyse)
    deliver(found, "ablate", writers.stem(found), output, formats, as_json=as_json)


def _prepared(model: str, asked: str | None) -> Callable[[Callable[[str, str], list[Report]]], Ablation | Sweep]:
    """Return what is to be done once models can be analysed; a mistake in the model or the sweep is told at once."""
    from memprof.whatif import ablation, sweep

    if asked is None:
        variants = ablation.variants(model)
        models = [variant.model for variant in variants]
    else:
        plan = sweep.plan(model, asked)
        models = [setting.model for setting in plan.settings]

    def run(analyse: Callable[[str, str], list[Report]]) -> Ablation | Sweep:
        cells = [analyse(name, f" ({place + 1} of {len(models)})") for place, name in enumerate(models)]
        if asked is None:
            return ablation.ablate(list(zip(variants, cells, strict=True)))
        return sweep.sweep(plan, cells)

    return run
