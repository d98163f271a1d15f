"""memprof ablate: vary a model one choice at a time, or one of its numbers over a range."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.commands.analysing import analysed, chosen_formats, layout_option
from memprof.commands.options import complete_devices, complete_models, output_option
from memprof.profiles.precision import PRECISIONS
from memprof.workload import DEFAULT_BATCH_SIZE, PHASES

if TYPE_CHECKING:
    from memprof.ablation import Ablation
    from memprof.report import Report
    from memprof.sweep import Sweep


def _formats(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from memprof.reports import ablate

    return chosen_formats(value, ablate.NAMES, ablate.check)


@click.command()
@click.option("--model", required=True, metavar="NAME", shell_complete=complete_models,
              help="A ConvNeXt or InceptionNeXt of `memprof models`, also with options: inceptionnext_t.")  # fmt: skip
@click.option("--sweep", "asked", default=None, metavar="OPTION=VALUES",
              help="Instead of the paper's variants, the values of one numeric option: kernel=3..31 (odd sizes), "
                   "kernel=3..31:4 (steps of 4), kernel=3,7,11, conv_ratio=1/8,1/4,1/2.")  # fmt: skip
@click.option("--device", default="a100", show_default=True, metavar="NAME|FILE", shell_complete=complete_devices,
              help="A device of `memprof devices`, or a JSON or TOML file that describes one.")  # fmt: skip
@click.option("--precision", type=click.Choice(list(PRECISIONS)), default=None,
              help="Default: tf32 where the device has it, else fp32.")  # fmt: skip
@click.option("--batch-size", type=int, default=DEFAULT_BATCH_SIZE, show_default=True, help="Images in a step.")
@click.option("--resolution", type=int, default=None, help="Pixels a side. Default: the model's own, mostly 224.")
@click.option("--phase", type=click.Choice(PHASES), default=None, help="Default: both inference and training.")
@layout_option
@output_option
@click.option("--format", "formats", default="md,csv,png,json", show_default=True, callback=_formats, metavar="LIST",
              help="Files to write, separated by commas: md, csv, png, json.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, and nothing else; write no files.")
def command(
    model: str, asked: str | None, device: str, precision: str | None, batch_size: int, resolution: int | None,
    phase: str | None, layout: str, output: Path, formats: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Vary a model one choice at a time, as its paper does, and predict the throughput of each variant.

    With --sweep, the predicted step time against one number of the model, such as the size of its kernel.
    """
    from memprof import devices
    from memprof.commands.output import echo, echo_written, for_terminal, progress
    from memprof.files import check_writable, write_files
    from memprof.reports import ablate as writers

    target = devices.get(device)

    def analyse(name: str, done: str) -> list[Report]:
        (cell,) = analysed(name, [target], [phase] if phase else PHASES, layout, batch_size=batch_size,
                           resolution=resolution, precision=precision, done=done)  # fmt: skip
        return cell

    run = _prepared(model, asked)
    if not as_json:
        check_writable(output)
    found = run(analyse)
    if as_json:
        click.echo(writers.render(found, "json"), nl=False)  # in UTF-8, whatever the terminal's encoding
        return
    options = for_terminal("kind", 1)
    with progress("writing files"):
        contents = {f"{writers.stem(found)}.{name}": writers.render(found, name) for name in formats}
        paths = write_files(output, contents)
    echo(writers.text(found, width=options.width, color=options.color))
    echo_written(paths)


def _prepared(model: str, asked: str | None) -> Callable[[Callable[[str, str], list[Report]]], Ablation | Sweep]:
    """Return what is to be done once models can be analysed; a mistake in the model or the sweep is told at once."""
    from memprof import ablation, sweep

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
