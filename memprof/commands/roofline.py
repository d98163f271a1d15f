"""memprof roofline: analyse models and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from memprof.analysis.asking import Asked, Resolution, ask
from memprof.analysis.variations import NAMES
from memprof.commands.analysing import check_first
from memprof.commands.asking import batch_sizes_option, input_option, resolution_option
from memprof.commands.naming import device_option, models_option
from memprof.commands.options import (
    by_option,
    depth_option,
    explain_option,
    format_option,
    host_options,
    json_option,
    layout_option,
    output_option,
    phase_option,
    precision_option,
    stack_option,
    top_option,
)
from memprof.reports.batches import WRITERS as BATCHES
from memprof.reports.report import WRITERS

if TYPE_CHECKING:
    from memprof.analysis.elsewhere import Held
    from memprof.report.elsewhere import WhatIf
    from memprof.whatif.batches import Batches

_BATCH_FORMATS = ("html", "md", "csv", "png", "json")
"""Files of several batch sizes, where nothing else is asked for."""


@click.command()
@models_option()
@device_option
@host_options
@stack_option
@precision_option
@batch_sizes_option
@resolution_option
@input_option
@phase_option
@layout_option
@output_option
@format_option(WRITERS, "html,png,json")
@by_option
@top_option
@depth_option
@explain_option
@click.option(
    "--dollars-per-hour",
    type=float,
    metavar="PRICE",
    help="With several batch sizes: what an hour of the device costs, for the cost of a million images.",
)
@click.option(
    "--what-if",
    "what_if",
    default="devices",
    show_default=True,
    metavar="NAMES",
    callback=lambda _context, _parameter, text: _read_what_if(text),
    help="What the page can switch: devices (all that have the figures), precision, batch, by comma; or none.",
)
@json_option("report")
@click.pass_context
def command(
    context: click.Context,
    models: tuple[str, ...],
    device: str,
    host: str,
    stack: str,
    precision: str | None,
    batch_size: int | tuple[int, ...] | None,
    resolution: Resolution,
    inputs: tuple[str, ...],
    phase: str,
    layout: str,
    output: Path,
    formats: tuple[str, ...],
    by: str,
    top: int,
    depth: int,
    dollars_per_hour: float | None,
    what_if: tuple[str, ...],
    as_json: bool,
) -> None:
    """Analyse models: what every operator computes and moves, and which ceiling of the device binds it.

    Each model runs for one step on PyTorch's meta device, where nothing is computed, so no GPU is needed. With several
    batch sizes: throughput, latency and memory of each, and where a larger one stops to pay.
    """
    from memprof.commands.output import Result, deliver, for_terminal

    several, batch_size = (batch_size, batch_size[0]) if isinstance(batch_size, tuple) else ((), batch_size)
    if dollars_per_hour is not None and not several:
        raise click.UsageError("--dollars-per-hour needs several batch sizes: --batch-size 1..512", context)
    asked = ask(inputs, resolution, batch_size)
    check_first(models, None if as_json else output)
    settings: dict[str, Any] = {"phase": phase, "precision": precision, "layout": layout, "host": host, "stack": stack}
    if several:
        result = _over_batches(models, device, several, asked, dollars_per_hour, settings)
        chosen = context.get_parameter_source("formats") is not ParameterSource.DEFAULT
        deliver([Result(result, BATCHES, formats if chosen else _BATCH_FORMATS)], output, as_json=as_json)
        return
    held = _held(models, device, asked, settings)
    shown = replace(
        for_terminal(by, top), depth=depth, what_if=lambda: _what_if(models, device, asked, settings, held, what_if)
    )
    deliver([Result([item.report for item in held], WRITERS, formats)], output, shown, as_json=as_json)


def _read_what_if(text: str) -> tuple[str, ...]:
    """Read the names of what the page can switch."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    known = ("none", *NAMES)
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name!r} is none of {', '.join(known)}")
    return tuple(name for name in names if name != "none")


def _what_if(
    models: tuple[str, ...],
    device: str,
    asked: Asked,
    settings: dict[str, Any],
    home: Sequence[Held],
    names: tuple[str, ...],
) -> WhatIf:
    """Analyse what else the page can show, each variation by simulating it."""
    from memprof.analysis.variations import what_if

    def hold(precision: str, batch_size: int) -> list[Held]:
        return _held(models, device, asked.with_batch(batch_size), {**settings, "precision": precision})

    return what_if(home, device, names, hold)


def _held(models: tuple[str, ...], device: str, asked: Asked, settings: dict[str, Any]) -> list[Held]:
    """Analyse each model; return its report with the step that it was made of."""
    from memprof.commands.output import progress, redirect_output

    held: list[Held] = []
    for position, model in enumerate(models):
        with progress(f"analysing {model} ({position + 1} of {len(models)})"), redirect_output():
            held += asked.hold(model, [device], **settings)
    return held


def _over_batches(
    models: tuple[str, ...],
    device: str,
    batch_sizes: tuple[int, ...],
    asked: Asked,
    dollars_per_hour: float | None,
    settings: dict[str, Any],
) -> Batches:
    """Analyse each model at each batch size."""
    from memprof import devices
    from memprof.analysis.batches import analyze_batches
    from memprof.commands.output import progress, redirect_output
    from memprof.whatif.batches import Analysed, Power, check_price, collect

    check_price(dollars_per_hour)
    figure = devices.get(device).figures.get("power_watts")
    analysed = []
    for position, model in enumerate(models):
        done = f" ({position + 1} of {len(models)})"
        with progress(f"analysing {model} at {len(batch_sizes)} batch sizes{done}"), redirect_output():
            found = analyze_batches(
                model, device, batch_sizes, task=asked.task, resolution=asked.resolution, **settings
            )
        analysed.append(Analysed(found.reports, found.largest_fitting, found.simulated, found.remarks))
    return collect(analysed, Power(figure.value, figure.source) if figure else None, dollars_per_hour)
