"""`memprof devices`: the devices that memprof knows, and every figure of one with its source."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from memprof import devices, units
from memprof.devices import Device, achievable
from memprof.devices.figures import amd_words

if TYPE_CHECKING:
    from rich.console import Console

    from memprof.devices.achievable import Chosen

_COLUMNS = (
    ("DRAM\nGB/s", "dram_bytes_per_second", "G"),
    ("TF32\nTFLOP/s", "tf32_tensor_flops_per_second", "T"),
    ("FP16\nTFLOP/s", "fp16_tensor_flops_per_second", "T"),
    ("FP32\nTFLOP/s", "fp32_flops_per_second", "T"),
    ("Memory\nGiB", "dram_capacity_bytes", "Gi"),
)


class _Devices(click.Group):
    """Takes the name of a device for the command that shows it: `memprof devices a100`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name."""
        is_name = bool(args) and args[0] not in self.commands and not args[0].startswith("-")
        return super().resolve_command(ctx, ["show", *args] if is_name else args)


@click.group(name="devices", cls=_Devices, invoke_without_command=True)
@click.option("--hosts", "of_hosts", is_flag=True, help="List the hosts that --host takes, with their sources.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.pass_context
def command(context: click.Context, of_hosts: bool, as_json: bool) -> None:
    """List the devices memprof knows, or show one with the sources of its figures."""
    if context.invoked_subcommand is not None:
        return
    if of_hosts:
        _list_hosts(as_json)
        return
    known = devices.list_devices()
    if as_json:
        _print_json([device.as_dict() for device in known])
    else:
        _print_list(known)


@command.command()
@click.argument("name", metavar="NAME|FILE")
@click.option(
    "--constants",
    "with_constants",
    is_flag=True,
    help="Also show the constants of the time model: what kernels reach of these figures, and what starting "
    "them takes.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON and nothing else. Without --constants it is a valid device file.",
)
@click.pass_context
def show(context: click.Context, name: str, with_constants: bool, as_json: bool) -> None:
    """Show every figure of a device with its unit and source.

    NAME is a name from `memprof devices`, an alias ("a100"), the name that CUDA reports, or a device file.
    """
    device = devices.get(name)
    constants = achievable.choose(device) if with_constants else {}
    if as_json or (context.parent is not None and context.parent.params.get("as_json")):
        described = {
            key: {
                "value": constant.figure.value,
                "unit": constant.unit,
                "words": constant.words,
                "source": constant.figure.source,
            }
            for key, constant in constants.items()
        }
        _print_json({**device.as_dict(), **({"constants": described} if with_constants else {})})
    else:
        _print_device(device, list(constants.values()))


def _list_hosts(as_json: bool) -> None:
    from memprof.commands.host_text import render
    from memprof.commands.output import echo, for_terminal
    from memprof.devices import hosts

    known = hosts.list_hosts()
    if as_json:
        _print_json([host.as_dict() for host in known])
        return
    options = for_terminal()
    echo(render(known, options.width, color=options.color))
    echo(f"The default is {hosts.DEFAULT_HOST}. `{hosts.THIS_MACHINE}` is this one, once `{hosts.COMMAND}` ran.\n")


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_list(known: Sequence[Device]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Name", no_wrap=True)
    table.add_column("Architecture")
    for heading, _, _ in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for device in known:
        figures = ((device.get(key), prefix) for _, key, prefix in _COLUMNS)
        cells = ("-" if value is None else devices.format_scaled(value, prefix) for value, prefix in figures)
        table.add_row(device.name, device.architecture or "-", *cells)
    console = _console()
    console.print(table)
    console.print("\nTF32, FP16: dense tensor-core peaks, FP32 accumulation. FP32: CUDA cores.")
    console.print("Of AMD's: matrix cores, and vector units.")
    console.print("`memprof devices show NAME` shows every figure with its source.", markup=False)
    console.print("`memprof devices --hosts` lists what --host takes: what launches kernels.", markup=False)
    console.print("`host` is this machine, once `memprof calibrate` has measured it.", markup=False)


def _print_device(device: Device, constants: Sequence[Chosen]) -> None:
    from rich.table import Table

    console = _console()
    console.print(f"{device.name}: {device.title}", style="bold", markup=False)
    capability = device.compute_capability or ""
    if capability[:1].isdigit():
        capability = f"compute capability {capability}"
    about = [text for text in (device.architecture, capability, device.memory_type) if text]
    if about:
        console.print(", ".join(about), markup=False)
    if device.aliases:
        console.print(f"also: {', '.join(device.aliases)}", markup=False)
    stated = [source for figure in device.figures.values() for source in figure.sources]
    sources = list(dict.fromkeys([*stated, *(constant.figure.source for constant in constants)]))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Figure")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Sources")
    for key, figure in device.figures.items():
        words, value = device.words(key), devices.format_figure(key, figure.value)
        table.add_row(words, value, ", ".join(str(sources.index(source) + 1) for source in figure.sources))
    console.print()
    console.print(table)
    if constants:
        _print_constants(console, constants, sources, amd_words if device.is_amd else str)
    _print_texts(console, "Sources", [(str(number), text) for number, text in enumerate(sources, start=1)])
    if device.notes:
        _print_texts(console, "Notes", [("-", note) for note in device.notes])
    if not constants and achievable.choose(device):
        console.print("\n--constants adds what kernels reach of these figures, by which times are predicted.")


def _print_constants(
    console: Console, constants: Sequence[Chosen], sources: Sequence[str], say: Callable[[str], str]
) -> None:
    from rich.table import Table

    console.print("\nWhat kernels reach of these figures: the constants by which times are predicted", style="bold")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Unit", no_wrap=True)
    table.add_column("Constant")
    table.add_column("Source")
    for constant in constants:
        value, unit = _value_and_unit(constant)
        table.add_row(value, unit, say(constant.words), str(sources.index(constant.figure.source) + 1))
    console.print(table)


def _value_and_unit(constant: Chosen) -> tuple[str, str]:
    """Return a constant's value and unit as text, durations all in nanoseconds."""
    value = constant.figure.value
    if constant.unit == "s":
        return units.number(value * 1e9), "ns"
    if constant.unit.endswith("/s"):
        return f"{value:.4g}", constant.unit
    return units.number(value), constant.unit or "fraction"


def _print_texts(console: Console, heading: str, texts: Iterable[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for mark, text in texts:
        table.add_row(mark, Text(text))
    console.print(f"\n{heading}", style="bold")
    console.print(table)


def _console() -> Console:
    from rich.console import Console

    from memprof.commands.output import takes_escapes

    if takes_escapes(sys.stdout):
        return Console(highlight=False, emoji=False)
    return Console(highlight=False, emoji=False, force_terminal=False, color_system=None)
