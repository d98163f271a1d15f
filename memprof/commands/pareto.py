"""memprof pareto: published accuracy against predicted throughput."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.naming import devices_option
from memprof.commands.options import (
    format_option,
    host_options,
    json_option,
    output_option,
    precision_option,
    stack_option,
)
from memprof.commands.processes import counted, jobs_option
from memprof.reports.pareto import WRITERS
from memprof.vocabulary import INFER, LAYOUTS, PHASES
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT


@click.command()
@devices_option(more="Repeat for several: the front moves.")
@click.option("--phase", type=click.Choice(PHASES), default=INFER, show_default=True, help="Whose throughput.")
@click.option(
    "--accuracy",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="A table of your own: columns model, top1 (percent), and perhaps resolution, trained_on, weights, source. "
    "Default: published accuracies of the zoo and of timm.",
)
@click.option(
    "--model", "patterns", multiple=True, metavar="PATTERN", help="Only these, as 'convnext*'. Repeat for several."
)
@click.option(
    "--trained-on",
    type=click.Choice(["in1k", "any"]),
    default="in1k",
    show_default=True,
    help="Weights trained on ImageNet-1K alone, or on any data.",
)
@host_options
@stack_option
@precision_option
@click.option("--batch-size", type=int, default=DEFAULT_BATCH_SIZE, show_default=True, metavar="N")
@click.option(
    "--layout",
    type=click.Choice(["best", *LAYOUTS]),
    default=DEFAULT_LAYOUT,
    show_default=True,
    help="Of images and weights. best: the faster of both for each network, which takes twice as long.",
)
@jobs_option
@output_option
@format_option(WRITERS, "html,png,csv,json")
@json_option()
def command(
    names: tuple[str, ...],
    phase: str,
    accuracy: Path | None,
    patterns: tuple[str, ...],
    trained_on: str,
    host: str,
    stack: str,
    precision: str | None,
    batch_size: int,
    layout: str,
    jobs: int,
    output: Path,
    formats: tuple[str, ...],
    as_json: bool,
) -> None:
    """Hold published ImageNet accuracy against predicted throughput: which networks does none beat at both?

    Throughputs are predicted, with the error that such predictions typically have; accuracies are published. Most
    networks are timm's: pip install "memprof[timm]". Several devices show how the front moves.
    """
    from memprof import devices
    from memprof.commands.output import Result, deliver
    from memprof.devices import ceilings
    from memprof.devices.ceilings import default_precision
    from memprof.files import check_writable
    from memprof.frontier import accuracy as accuracies
    from memprof.frontier.analysing import Plan, predict
    from memprof.frontier.front import frontier
    from memprof.workload import check_batch_size

    check_batch_size(batch_size)
    named = [devices.get(name.strip()) for text in names for name in text.split(",") if name.strip()]
    targets = [device for place, device in enumerate(named) if device not in named[:place]]
    precisions = [precision or default_precision(device) for device in targets]
    for device, chosen in zip(targets, precisions, strict=True):
        ceilings(device, chosen)  # a device without the figure is told before the first network is analysed
    known = accuracies.shipped() if accuracy is None else accuracies.from_file(accuracy)
    rows = accuracies.choose(known, patterns, trained_on)
    if not as_json:
        check_writable(output)
    layouts = LAYOUTS if layout == "best" else (layout,)
    places = tuple((device.name, chosen) for device, chosen in zip(targets, precisions, strict=True))
    plan = Plan(places, phase, batch_size, tuple(layouts), stack, host)
    with counted("analysing networks") as progress:
        answers = predict(rows, plan, jobs=jobs, progress=progress)
    result = frontier(rows, plan, targets, answers, trained_on)
    deliver([Result(result, WRITERS, formats)], output, as_json=as_json)
