"""memprof compare: models and devices side by side."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.analysis.asking import Asked
from memprof.commands.analysing import analyse_layouts
from memprof.commands.asking import asked_options
from memprof.commands.naming import devices_option, models_option
from memprof.commands.options import (
    best_layout_option,
    format_option,
    host_options,
    json_option,
    output_option,
    precision_option,
    stack_option,
)
from memprof.reports.compare import WRITERS
from memprof.vocabulary import PHASES


@click.command()
@models_option("Repeat for several.")
@devices_option()
@host_options
@stack_option
@precision_option
@asked_options
@best_layout_option
@output_option
@format_option(WRITERS, "html,md,csv,png,json")
@json_option()
def command(
    models: tuple[str, ...],
    names: tuple[str, ...],
    host: str,
    stack: str,
    precision: str | None,
    asked: Asked,
    layout: str,
    output: Path,
    formats: tuple[str, ...],
    as_json: bool,
) -> None:
    """Hold models and devices side by side: size, work, traffic, predicted throughput and where the time goes.

    Every model is analysed in inference and in training on every device. Times are predicted; no GPU is needed.
    """
    from memprof import devices
    from memprof.commands.output import Result, deliver
    from memprof.comparisons.models import compare
    from memprof.files import check_writable
    from memprof.models import canonical_name

    named = [devices.get(name.strip()) for text in names for name in text.split(",") if name.strip()]
    targets = [device for place, device in enumerate(named) if device not in named[:place]]
    # A mistake in the last model is told before the first one is analysed; one model under two names is one.
    chosen = tuple(dict.fromkeys(map(canonical_name, models)))
    if not as_json:
        check_writable(output)
    cells = []
    for position, model in enumerate(chosen):
        done = f" ({position + 1} of {len(chosen)})"
        cells += analyse_layouts(
            model,
            targets,
            PHASES,
            layout,
            asked=asked,
            precision=precision,
            host=host,
            stack=stack,
            done=done,
        )
    deliver([Result(compare(cells), WRITERS, formats)], output, as_json=as_json)
