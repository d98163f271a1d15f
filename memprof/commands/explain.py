"""memprof explain: where a model's time goes, or why one model is slower than another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.commands.options import complete_devices, complete_models, output_option
from memprof.profiles.precision import PRECISIONS
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT, LAYOUTS, PHASES

if TYPE_CHECKING:
    from memprof.losses import Losses
    from memprof.report import Report, Workload


def _formats(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from memprof.reports import explain

    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not names:
        raise click.BadParameter(f"name at least one of {', '.join(explain.NAMES)}")
    return tuple(explain.check(name) for name in names)


@click.command()
@click.option("--model", required=True, metavar="NAME", shell_complete=complete_models,
              help="The model to explain; named as for `memprof roofline`.")  # fmt: skip
@click.option("--against", default=None, metavar="NAME", shell_complete=complete_models,
              help="The model to hold it against. Without it: the model's own losses.")  # fmt: skip
@click.option("--device", default="a100", show_default=True, metavar="NAME|FILE", shell_complete=complete_devices,
              help="A device of `memprof devices`, or a JSON or TOML file that describes one.")  # fmt: skip
@click.option("--precision", type=click.Choice(list(PRECISIONS)), default=None,
              help="Default: tf32 where the device has it, else fp32.")  # fmt: skip
@click.option("--batch-size", type=int, default=DEFAULT_BATCH_SIZE, show_default=True, help="Images in a step.")
@click.option("--resolution", type=int, default=None, help="Pixels a side. Default: the model's own, mostly 224.")
@click.option("--phase", type=click.Choice(PHASES), default="infer", show_default=True,
              help="Forward only, or a whole training step with SGD.")  # fmt: skip
@click.option(
    "--layout", type=click.Choice(LAYOUTS), default=DEFAULT_LAYOUT, show_default=True, help="Of images and weights."
)
@output_option
@click.option("--format", "formats", default="png,md,json", show_default=True, callback=_formats, metavar="LIST",
              help="Files to write, separated by commas: png, md, json.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, and nothing else; write no files.")
def command(
    model: str, against: str | None, device: str, precision: str | None, batch_size: int, resolution: int | None,
    phase: str, layout: str, output: Path, formats: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Say where a model's time goes and what would save it, or why one model takes longer than another.

    With --against, the difference in predicted step time is divided by kind of operator and by stage. Without it, the
    model is also analysed in the other layout, in a faster precision and with twice the batch.
    """
    from memprof.analysis import analyze
    from memprof.commands.output import echo, echo_written, for_terminal, output_kept, progress
    from memprof.explanation import explain
    from memprof.files import check_writable, write_files
    from memprof.models import canonical_name
    from memprof.reports import explain as writers

    for name in (model, against or model):
        canonical_name(name)  # a mistake in the second one is told before the first one is analysed
    resolution = _common_resolution(model, against or model) if resolution is None else resolution
    if not as_json:
        check_writable(output)

    def analysed(name: str, change: Workload | None = None) -> Report:
        """Analyse a model as the options say, or as a workload that differs from them says."""
        with progress(f"analysing {name}"), output_kept():
            return analyze(
                name, device=device, resolution=resolution, phase=phase,
                batch_size=change.batch_size if change else batch_size,
                precision=change.precision if change else precision,
                layout=change.layout if change else layout,
            )  # fmt: skip

    found = explain(analysed(model), analysed(against)) if against else _losses(analysed, model, device)
    if as_json:
        click.echo(writers.render(found, "json"), nl=False)  # in UTF-8, whatever the terminal's encoding
        return
    options = for_terminal("kind", 1)
    with progress("writing files"):
        contents = {f"{writers.STEM}.{name}": writers.render(found, name) for name in formats}
        paths = write_files(output, contents)
    echo(writers.text(found, width=options.width, color=options.color))
    echo_written(paths)


def _common_resolution(model: str, against: str) -> int:
    """Return the resolution that both models were made for; WorkloadError where they differ."""
    from memprof.errors import WorkloadError
    from memprof.models import default_resolution

    own, other = default_resolution(model), default_resolution(against)
    if own != other:
        raise WorkloadError(
            f"{model} is made for {own} px, {against} for {other} px",
            f"choose one for both: --resolution {min(own, other)}",
        )
    return own


def _losses(analysed: Callable[[str, Workload | None], Report], model: str, device: str) -> Losses:
    """Analyse a model, then what could be faster without changing it."""
    from memprof import devices
    from memprof.devices.ceilings import precisions
    from memprof.losses import find_losses, worth_trying

    report = analysed(model, None)
    changes = worth_trying(report.workload, precisions(devices.get(device)))
    return find_losses(report, [analysed(model, change) for change in changes])
