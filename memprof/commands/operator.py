"""memprof operator: one operator alone, over ranges of its parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from memprof.commands.naming import device_option
from memprof.commands.options import (
    format_option,
    host_options,
    json_option,
    layout_option,
    output_option,
    precision_option,
    stack_option,
)
from memprof.models.lone import OPERATORS
from memprof.reports.operator import WRITERS
from memprof.vocabulary import CPU
from memprof.workload import CUDA

_PARAMETERS = {
    "kernel": "Side of the kernel, odd: 3..31, 3..31:4 (steps of 4), 3,7,11.",
    "channels": "Channels: 96, 32..512 (doubled each time), 32..512:32.",
    "resolution": "Pixels a side: 56, 7..56.",
    "batch_size": "Images: 128, 1..512.",
    "groups": "Groups of a grouped convolution.",
    "heads": "Heads of attention.",
}


def _parameters(command: Any) -> Any:
    for name in reversed(_PARAMETERS):
        command = click.option(f"--{name.replace('_', '-')}", name, metavar="RANGE", help=_PARAMETERS[name])(command)
    return command


@click.command()
@click.argument("operator", metavar=f"[{'|'.join(OPERATORS)}|MODEL]")
@_parameters
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]SHAPE[:DTYPE]",
    help="What a MODEL of your own, as `memprof roofline` takes them, is called with: 128x96x56x56. Repeat for more.",
)
@click.option(
    "--measure",
    "measured_on",
    type=click.Choice([CPU, CUDA]),
    help="Run it here too, and show the measured time beside the predicted.",
)
@device_option
@host_options
@stack_option
@precision_option
@layout_option
@output_option
@format_option(WRITERS, "md,csv,png,json")
@json_option()
def command(
    operator: str,
    inputs: tuple[str, ...],
    measured_on: str | None,
    device: str,
    host: str,
    stack: str,
    precision: str | None,
    layout: str,
    output: Path,
    formats: tuple[str, ...],
    as_json: bool,
    **parameters: str | None,
) -> None:
    """Study one operator: predicted time and bound, forward and backward, over one or two ranges.

    `decompositions` holds ways to replace a large depthwise kernel side by side: what each saves in FLOPs, bytes and
    time, and how far it sees.
    """
    from memprof import devices
    from memprof.analysis.asking import ask
    from memprof.analysis.lone import check_timing, plan_study, study_alone
    from memprof.commands.output import Result, deliver, progress, redirect_output
    from memprof.files import check_writable
    from memprof.whatif.operators import collect

    devices.get(device)
    asked = {name: value for name, value in parameters.items() if value is not None}
    plan, subjects, given = plan_study(operator, asked, ask(inputs, None, None).task.inputs)
    if not as_json:
        check_writable(output)
    if measured_on is not None:
        check_timing(measured_on, precision or "fp32")
    found = []
    settings: dict[str, Any] = {"precision": precision, "layout": layout, "host": host, "stack": stack}
    for place, subject in enumerate(subjects):
        with progress(f"analysing {subject.name} ({place + 1} of {len(subjects)})"), redirect_output():
            found.append(study_alone(subject, device, measured_on, settings))
    reports, measured = zip(*found, strict=True)
    study = collect(plan, reports, measured, (measured_on or "").upper(), given)
    deliver([Result(study, WRITERS, formats)], output, as_json=as_json)
