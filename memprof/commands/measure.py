"""memprof measure: run models for real and report what was measured, held against the roofs of what ran them."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.analysis.asking import Resolution, ask
from memprof.commands.analysing import check_first
from memprof.commands.asking import BATCH_SIZE, input_option, resolution_option
from memprof.commands.measuring_suite import suite_options
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


@click.command()
@models_option(needed=False)
@suite_options
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
    device: str,
    roof: str | None,
    precision: str | None,
    batch_size: int | None,
    resolution: Resolution,
    inputs: tuple[str, ...],
    phase: str,
    layout: str,
    warm_up: int,
    repeat: int | None,
    compiled: bool,
    output: Path,
    formats: tuple[str, ...],
    by: str,
    top: int,
    as_json: bool,
) -> None:
    """Run models for real, with random weights on noise, and report what every operator took.

    Steps are timed without the profiler, then a few run with it. Close other programs: what they do counts.
    """
    from memprof.analysis.measured import measure
    from memprof.commands.output import Result, deliver, for_terminal, progress, redirect_output

    asked = ask(inputs, resolution, batch_size, DEFAULT_RUN_BATCH_SIZES[device])
    given = asked.task.inputs
    check_first(models, None if as_json else output)
    reports = []
    for position, model in enumerate(models):
        with progress(f"measuring {model} on the {device} ({position + 1} of {len(models)})"), redirect_output():
            report = measure(
                model,
                given.args if given else None,
                given.kwargs if given else None,
                device=device,
                roof=roof,
                batch_size=asked.batch_size,
                resolution=asked.resolution,
                phase=phase,
                precision=precision,
                layout=layout,
                warm_up=warm_up,
                repeat=repeat,
                compiled=compiled,
            )
        reports.append(report)
    deliver([Result(reports, WRITERS, formats)], output, for_terminal(by, top), as_json=as_json)
