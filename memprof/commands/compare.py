"""memprof compare: models and devices side by side."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.analysing import analysed, chosen_formats, layout_option
from memprof.commands.options import complete_devices, complete_models, output_option
from memprof.profiles.precision import PRECISIONS
from memprof.workload import DEFAULT_BATCH_SIZE, PHASES


def _formats(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from memprof.reports import compare

    return chosen_formats(value, compare.NAMES, compare.check)


@click.command()
@click.option("--model", "models", multiple=True, required=True, metavar="NAME", shell_complete=complete_models,
              help="A model, named as for `memprof roofline`. Repeat for several.")  # fmt: skip
@click.option("--device", "names", multiple=True, default=("a100",), show_default=True, metavar="NAME|FILE",
              shell_complete=complete_devices,
              help="A device of `memprof devices`, or a file that describes one. Repeat for several.")  # fmt: skip
@click.option("--precision", type=click.Choice(list(PRECISIONS)), default=None,
              help="Default: tf32 where a device has it, else fp32.")  # fmt: skip
@click.option("--batch-size", type=int, default=DEFAULT_BATCH_SIZE, show_default=True, help="Images in a step.")
@click.option("--resolution", type=int, default=None, help="Pixels a side. Default: each model's own, mostly 224.")
@layout_option
@output_option
@click.option("--format", "formats", default="md,csv,png,json", show_default=True, callback=_formats, metavar="LIST",
              help="Files to write, separated by commas: md, csv, png, json.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, and nothing else; write no files.")
def command(
    models: tuple[str, ...], names: tuple[str, ...], precision: str | None, batch_size: int, resolution: int | None,
    layout: str, output: Path, formats: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Hold models and devices side by side: size, work, traffic, predicted throughput and where the time goes.

    Every model is analysed in inference and in training on every device. Times are predicted; no GPU is needed.
    """
    from memprof import devices
    from memprof.commands.output import echo, echo_written, for_terminal, progress
    from memprof.comparison import compare
    from memprof.files import check_writable, write_files
    from memprof.models import canonical_name
    from memprof.reports import compare as writers

    found_devices = [devices.get(name) for name in names]
    targets = [device for place, device in enumerate(found_devices) if device not in found_devices[:place]]
    # A mistake in the last model is told before the first one is analysed; one model under two names is one.
    chosen = tuple(dict.fromkeys(map(canonical_name, models)))
    if not as_json:
        check_writable(output)
    cells = []
    for position, model in enumerate(chosen):
        done = f" ({position + 1} of {len(chosen)})"
        cells += analysed(model, targets, PHASES, layout, batch_size=batch_size, resolution=resolution,
                          precision=precision, done=done)  # fmt: skip
    found = compare(cells)
    if as_json:
        click.echo(writers.render(found, "json"), nl=False)  # in UTF-8, whatever the terminal's encoding
        return
    options = for_terminal("kind", 1)
    with progress("writing files"):
        paths = write_files(output, {f"{writers.STEM}.{name}": writers.render(found, name) for name in formats})
    echo(writers.text(found, width=options.width, color=options.color))
    echo_written(paths)
