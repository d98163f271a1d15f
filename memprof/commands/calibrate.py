"""memprof calibrate: measure the ceilings of this machine."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from memprof.calibration.hosts import DEFAULT_SECONDS as HOST_SECONDS
from memprof.calibration.session import DEFAULT_SECONDS, MOST_SECONDS, NAMES
from memprof.devices.hosts import THIS_MACHINE
from memprof.workload import CUDA


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
    "--host",
    "as_host",
    is_flag=True,
    help=f"Measure instead what Python and PyTorch need to call operators: the host `{THIS_MACHINE}`. With --device "
    "cuda, also what a launch takes.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    callback=_output,
    metavar="FILE.json",
    help=f"Write the file here. Default: where `--device host` or `--host {THIS_MACHINE}` looks for it.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.5, max=MOST_SECONDS),
    default=None,
    metavar="N",
    help=f"Time to measure for; less is less sure. Default: {DEFAULT_SECONDS:g}, with --host {HOST_SECONDS:g}.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the file as JSON and nothing else; it is saved all the same."
)
def command(device: str, as_host: bool, output: Path | None, seconds: float | None, as_json: bool) -> None:
    """Measure what PyTorch reaches on this machine: bandwidths of memory and caches, peaks of arithmetic.

    The result is a device like those of `memprof devices`, for `memprof roofline --device host`. It takes less than a
    minute; leave the machine alone meanwhile.
    """
    from memprof.devices import hosts
    from memprof.devices.host import path_of
    from memprof.files import check_writable, write_files

    path = output or (hosts.this_machine_path() if as_host else path_of(NAMES[device]))
    other = "name another file with --output"
    check_writable(path.parent, other)
    measured = _measure_host(device, seconds) if as_host else _measure_device(device, seconds)
    content = json.dumps(measured.values, indent=2, ensure_ascii=False) + "\n"
    write_files(path.parent, {path.name: content.encode()}, other)
    if as_json:
        click.echo(content.encode(), nl=False)
        return
    from memprof.commands.output import echo, echo_written, for_terminal

    options = for_terminal("operator", 1)
    echo(measured.render(options.width, options.color))
    echo_written([path])
    option, name = ("--host", THIS_MACHINE) if as_host else ("--device", NAMES[device])
    echo(f"Use it: memprof roofline {option} {shlex.quote(str(output or name))} --model resnet50\n")


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was measured: the file's values, and what makes a text of it that is so wide, coloured or not."""

    values: dict[str, Any]
    render: Callable[[int, bool], str]


def _measure_device(device: str, seconds: float | None) -> _Measured:
    from memprof.calibration.session import calibrate
    from memprof.commands.calibration_text import render

    with _progress() as advance:
        found = calibrate(device, DEFAULT_SECONDS if seconds is None else seconds, advance)
    return _Measured(found.device.as_dict(), lambda width, color: render(found, width, color=color))


def _measure_host(device: str, seconds: float | None) -> _Measured:
    from memprof.calibration.torch_host import measure_host
    from memprof.commands.host_text import render

    with _progress() as advance:
        seconds = HOST_SECONDS if seconds is None else seconds
        host = measure_host(seconds, with_gpu=device == CUDA, progress=advance)
    return _Measured(host.as_dict(), lambda width, color: render([host], width, color=color))


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """Show a bar on standard error, only where that is a terminal that takes escapes."""
    from memprof.commands.output import takes_escapes

    if not takes_escapes(sys.stderr):
        yield lambda what, done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task("loading PyTorch", total=1.0)
        yield lambda what, done: bar.update(shown, completed=done, description=f"measuring {what}")
