"""memprof roofline: analyse models and report."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.asking import (
    Resolution,
    ask,
    batch_size_option,
    device_option,
    input_option,
    models_option,
    resolution_option,
)
from memprof.commands.options import (
    by_option,
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
from memprof.reports.report import WRITERS


@click.command()
@models_option()
@device_option
@host_options
@stack_option
@precision_option
@batch_size_option
@resolution_option
@input_option
@phase_option
@layout_option
@output_option
@format_option(WRITERS, "html,png,json")
@by_option
@top_option
@json_option("report")
def command(
    models: tuple[str, ...],
    device: str,
    host: str,
    stack: str,
    precision: str | None,
    batch_size: int | None,
    resolution: Resolution,
    inputs: tuple[str, ...],
    phase: str,
    layout: str,
    output: Path,
    formats: tuple[str, ...],
    by: str,
    top: int,
    as_json: bool,
) -> None:
    """Analyse models: what every operator computes and moves, and which ceiling of the device binds it.

    Each model runs for one step on PyTorch's meta device, where nothing is computed, so no GPU is needed.
    """
    from memprof.analysis.simulated import analyze_on
    from memprof.commands.output import Result, deliver, for_terminal, progress, redirect_output
    from memprof.files import check_writable
    from memprof.models import canonical_name

    asked = ask(inputs, resolution, batch_size)
    for model in models:
        canonical_name(model)  # a mistake in the last one is told before the first one is analysed
    if not as_json:
        check_writable(output)
    reports = []
    for position, model in enumerate(models):
        with progress(f"analysing {model} ({position + 1} of {len(models)})"), redirect_output():
            reports += analyze_on(
                model,
                [device],
                task=asked.task,
                batch_size=asked.batch_size,
                resolution=asked.resolution,
                phase=phase,
                precision=precision,
                layout=layout,
                host=host,
                stack=stack,
            )
    deliver([Result(reports, WRITERS, formats)], output, for_terminal(by, top), as_json=as_json)
