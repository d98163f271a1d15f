"""memprof calibrate: measure the ceilings of this machine."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from memprof.calibration.session import DEFAULT_SECONDS, MOST_SECONDS, NAMES


def _output(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() != ".json":
        raise click.BadParameter(f"{str(value)!r} must end in .json")
    return value


@click.command()
@click.option(
    "--device",
    type=click.Choice(list(NAMES)),
    default="cpu",
    show_default=True,
    help="What to measure: the CPU becomes the device `host`, the first GPU `host-cuda`.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    callback=_output,
    metavar="FILE.json",
    help="Write the device file here. Default: where `--device host` looks for it.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.5, max=MOST_SECONDS),
    default=DEFAULT_SECONDS,
    show_default=True,
    metavar="N",
    help="Time to measure for. Less is less sure.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the device as JSON and nothing else; it is saved all the same."
)
def command(device: str, output: Path | None, seconds: float, as_json: bool) -> None:
    """Measure what PyTorch reaches on this machine: bandwidths of memory and caches, peaks of arithmetic.

    The result is a device like those of `memprof devices`, for `memprof roofline --device host`. It takes less than a
    minute; leave the machine alone meanwhile.
    """
    from memprof.calibration.session import calibrate
    from memprof.commands.output import echo, echo_written, for_terminal
    from memprof.devices.host import path_of
    from memprof.files import check_writable, write_files

    path = output or path_of(NAMES[device])
    other = "name another file with --output"
    check_writable(path.parent, other)
    with _progress() as advance:
        calibration = calibrate(device, seconds, advance)
    content = json.dumps(calibration.device.as_dict(), indent=2, ensure_ascii=False) + "\n"
    write_files(path.parent, {path.name: content.encode()}, other)
    if as_json:
        click.echo(content.encode(), nl=False)
        return
    from memprof.calibration.text import render

    options = for_terminal("operator", 1)
    echo(render(calibration, options.width, color=options.color))
    echo_written([path])
    echo(f"Use it: memprof roofline --device {shlex.quote(str(output or calibration.device.name))} --model resnet50\n")


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """Show a bar on standard error, only where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda what, done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task("loading PyTorch", total=1.0)
        yield lambda what, done: bar.update(shown, completed=done, description=f"measuring {what}")
