"""memprof explain: where a model's time goes, or why one model is slower than another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.analysis.asking import Asked
from memprof.commands.analysing import check_first
from memprof.commands.asking import asked_options
from memprof.commands.naming import device_option, model_option
from memprof.commands.options import (
    complete_models,
    format_option,
    host_options,
    json_option,
    layout_option,
    output_option,
    phase_option,
    precision_option,
    stack_option,
)
from memprof.reports.explain import WRITERS

if TYPE_CHECKING:
    from memprof.report.record import Report, Workload
    from memprof.whatif.savings import Losses


@click.command()
@model_option("The model to explain; named as for `memprof roofline`.", "hold it against another with --against NAME")
@click.option(
    "--against",
    default=None,
    metavar="NAME",
    shell_complete=complete_models,
    help="The model to hold it against. Without it: the model's own losses.",
)
@device_option
@host_options
@stack_option
@precision_option
@asked_options
@phase_option
@layout_option
@output_option
@format_option(WRITERS, "html,png,md,json")
@json_option()
def command(
    model: str,
    against: str | None,
    device: str,
    host: str,
    stack: str,
    precision: str | None,
    asked: Asked,
    phase: str,
    layout: str,
    output: Path,
    formats: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say where a model's time goes and what would save it, or why one model takes longer than another.

    With --against, the difference in predicted step time is divided by kind of operator and by stage. Without it, the
    model is also analysed in the other layout, in a faster precision and with twice the batch.
    """
    from memprof.commands.output import Result, deliver, progress, redirect_output
    from memprof.comparisons.explanation import explain

    check_first((model, against or model), None if as_json else output)
    if against is not None and asked.resolution is None and asked.task.inputs is None:
        _check_resolutions(model, against)

    def analyse_as(name: str, change: Workload | None = None) -> Report:
        """Analyse a model as the options say, or as a workload that differs from them says."""
        given = asked.with_batch(change.batch_size) if change else asked
        with progress(f"analysing {name}"), redirect_output():
            (report,) = given.analyze(
                name,
                [device],
                phase=phase,
                precision=change.precision if change else precision,
                layout=change.layout if change else layout,
                host=host,
                stack=stack,
            )
        return report

    explained = explain(analyse_as(model), analyse_as(against)) if against else _losses(analyse_as, model, device)
    deliver([Result(explained, WRITERS, formats)], output, as_json=as_json)


def _check_resolutions(model: str, against: str) -> None:
    """Raise WorkloadError where the models were made for different resolutions."""
    from memprof.errors import WorkloadError
    from memprof.models import default_resolution

    own, other = default_resolution(model), default_resolution(against)
    if own != other:
        raise WorkloadError(
            f"{model} is made for {own} px, {against} for {other} px",
            f"choose one for both: --resolution {min(own, other)}",
        )


def _losses(analyse_as: Callable[[str, Workload | None], Report], model: str, device: str) -> Losses:
    """Analyse a model, then what could be faster without changing it."""
    from memprof import devices
    from memprof.devices.ceilings import precisions
    from memprof.vocabulary import AMD
    from memprof.whatif.savings import alternative_workloads, find_losses

    report = analyse_as(model, None)
    known = precisions(devices.get(device))
    if report.device.family == AMD:  # there TF32 is hipBLASLt's alone: MIOpen's convolutions have none
        known = tuple(name for name in known if name != "tf32")
    changes = alternative_workloads(report.workload, known)
    return find_losses(report, [analyse_as(model, change) for change in changes])
