"""memprof measure: run models for real and report what was measured, held against the roofs of what ran them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memprof.analysis.asking import Asked, Resolution, ask
from memprof.commands.analysing import check_first
from memprof.commands.asking import BATCH_SIZE, input_option, resolution_option
from memprof.commands.naming import models_option, one_of
from memprof.commands.options import (
    by_option,
    complete_devices,
    format_option,
    json_option,
    layout_option,
    output_option,
    phase_option,
    top_option,
)
from memprof.reports.report import WRITERS
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import CPU
from memprof.workload import CUDA, DEFAULT_RUN_BATCH_SIZES, DEFAULT_WARM_UP

if TYPE_CHECKING:
    from memprof.report.record import Report


@click.command()
@models_option(needed=False)
@click.option(
    "--suite",
    is_flag=True,
    help="Instead of models, a fixed set of kernels and networks, in files that `memprof validate` reads.",
)
@click.option(
    "--minutes", type=float, default=10.0, show_default=True, metavar="N", help="That --suite may take, about."
)
@click.option(
    "--device",
    type=click.Choice([CPU, CUDA]),
    default=(CPU,),
    show_default=True,
    multiple=True,
    callback=one_of("--device", "measure on one after the other"),
    help="What runs it: this machine's processor, or its GPU.",
)
@click.option(
    "--roof",
    metavar="NAME|FILE",
    shell_complete=complete_devices,
    help="The device whose ceilings operators are held against. Default: `host`, which `memprof calibrate` "
    "measures, for a CPU; the GPU by its name for a GPU.",
)
@click.option(
    "--precision",
    type=click.Choice(list(PRECISIONS)),
    default=None,
    help="Default: fp32 on a CPU; on a GPU tf32 where it has it, else fp32.",
)
@click.option("--batch-size", type=BATCH_SIZE, help="Images in a step. Default: 8 on a CPU, 128 on a GPU.")
@resolution_option
@input_option
@phase_option
@layout_option
@click.option(
    "--warm-up",
    type=int,
    default=DEFAULT_WARM_UP,
    show_default=True,
    metavar="N",
    help="Steps before the first timed one.",
)
@click.option(
    "--repeat", type=int, default=None, metavar="N", help="Steps to time. Default: for 3 seconds, and at least 6."
)
@click.option("--compile", "compiled", is_flag=True, help="Run the model through torch.compile.")
@output_option
@format_option(WRITERS, "html,png,json")
@by_option
@top_option
@json_option("report")
def command(
    models: tuple[str, ...],
    suite: bool,
    minutes: float,
    batch_size: int | None,
    resolution: Resolution,
    inputs: tuple[str, ...],
    output: Path,
    formats: tuple[str, ...],
    by: str,
    top: int,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run models for real, with random weights on noise, and report what every operator took.

    Steps are timed without the profiler, then a few run with it. Close other programs: what they do counts.
    """
    device = settings["device"]
    if suite:
        _measure_suite(models, device, minutes, output, as_json=as_json)
        return
    if not models:
        raise click.UsageError("missing option '--model'", click.get_current_context())
    from memprof.commands.output import Result, deliver, for_terminal

    asked = ask(inputs, resolution, batch_size, DEFAULT_RUN_BATCH_SIZES[device])
    check_first(models, None if as_json else output)
    reports = _measure(models, asked, **settings)
    deliver([Result(reports, WRITERS, formats)], output, for_terminal(by, top), as_json=as_json)


def _measure(models: tuple[str, ...], asked: Asked, *, device: str, **settings: Any) -> list[Report]:
    from memprof.analysis.measured import measure
    from memprof.commands.output import progress, redirect_output

    given = asked.task.inputs
    inputs = (given.args, given.kwargs) if given else (None, None)
    settings |= {"device": device, "batch_size": asked.batch_size, "resolution": asked.resolution}
    reports = []
    for position, model in enumerate(models):
        with progress(f"measuring {model} on the {device} ({position + 1} of {len(models)})"), redirect_output():
            reports.append(measure(model, *inputs, **settings))
    return reports


def _measure_suite(models: tuple[str, ...], device: str, minutes: float, output: Path, *, as_json: bool) -> None:
    from memprof.commands.measuring_suite import measure_suite

    if models:
        raise click.UsageError("--suite measures networks of its own: leave the models out")
    measure_suite(device, minutes, output, as_json=as_json)
