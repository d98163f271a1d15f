"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import click
from click.shell_completion import CompletionItem

from memprof.devices import hosts
from memprof.reports.look import LEAST_DPI, LEAST_MM, MOST_DPI, MOST_MM, STYLES, Look
from memprof.reports.writer import FIGURE_FORMATS
from memprof.tensors.precision import PRECISIONS
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import GROUPINGS, INFER, LAYOUTS, PHASES
from memprof.workload import DEFAULT_LAYOUT

DEFAULT_OUTPUT = Path("memprof-report")

_LOOK = "memprof.look"
_USUAL_LOOK = Look()
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def complete_models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of the zoo."""
    from memprof.models import list_models

    return [name for name in list_models() if name.startswith(incomplete)]


def complete_devices(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of the catalogue, and files where none begins like that."""
    from memprof.devices import list_devices

    names = [device.name for device in list_devices() if device.name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_hosts(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of hosts, and files where none begins like that."""
    names = [name for name in hosts.names() if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def choose_folder(ctx: click.Context, parameter: click.Parameter, value: Path | str) -> Path:
    """Return a folder that an option names."""
    if not str(value):
        raise click.BadParameter("the name of the folder is empty")
    return Path(value)


class Offers(Protocol):
    """What formats are chosen of: a document's writers, or those of all documents."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the formats."""
        ...

    def check(self, name: str) -> None:
        """Raise OutputError where there is no format of this name."""
        ...


def choose_formats(value: str, writers: Offers) -> tuple[str, ...]:
    """Return the formats of a list separated by commas; an error where none is named, or one is unknown."""
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not names:
        raise click.BadParameter(f"name at least one of {', '.join(writers.names)}")
    for name in names:
        writers.check(name)
    return names


def format_option(writers: Offers, default: str) -> _Decorator:
    """Return the option --format: names of writers, separated by commas; where some draw, also how figures look."""

    def choose(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
        return choose_formats(value, writers)

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        begun, comma, last = incomplete.rpartition(",")
        return [f"{begun}{comma}{name}" for name in writers.names if name.startswith(last)]

    option = click.option(
        "--format",
        "formats",
        default=default,
        show_default=True,
        callback=choose,
        metavar="LIST",
        shell_complete=complete,
        help=f"Files to write, separated by commas: {', '.join(writers.names)}.",
    )
    draws = FIGURE_FORMATS[0] in writers.names
    return (lambda command: option(figure_options(command))) if draws else option


def figure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --width, --dpi, --style and --no-title; what is chosen is the `look_of` the running command."""
    options = (
        click.option(
            "--width",
            "width_mm",
            type=click.FloatRange(LEAST_MM, MOST_MM),
            metavar="MM",
            help="Width of figures in millimetres: 85 for a column, 180 for a page. Default: 305, of a slide 339.",
        ),
        click.option(
            "--dpi",
            type=click.IntRange(LEAST_DPI, MOST_DPI),
            metavar="N",
            help="Pixels of an inch in a PNG. Default: 150, below 254 mm 300.",
        ),
        click.option(
            "--style",
            type=click.Choice(STYLES),
            default=STYLES[0],
            show_default=True,
            help="Of figures: black on white; the same for a slide of 16:9; light on dark.",
        ),
        click.option(
            "--title/--no-title", default=True, help="Figures without their heading, where a caption says it."
        ),
    )
    for option in reversed(options):
        command = option(command)

    @functools.wraps(command)
    def gathered(width_mm: float | None, dpi: int | None, style: str, title: bool, **values: Any) -> Any:
        click.get_current_context().meta[_LOOK] = Look(width_mm, dpi, title, style)
        return command(**values)

    return gathered


def chosen_look() -> Look:
    """Return how the figures of the running command are to look."""
    context = click.get_current_context(silent=True)
    look: Look = context.meta.get(_LOOK, _USUAL_LOOK) if context is not None else _USUAL_LOOK
    return look


def host_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --host and --cuda-graphs; the command gets the name of one host, `host`."""

    @functools.wraps(command)
    def gathered(host: str | None, cuda_graphs: bool, **values: Any) -> Any:
        if cuda_graphs and host not in (None, hosts.CUDA_GRAPHS):
            raise click.UsageError("--cuda-graphs replays kernels without a host: leave --host out")
        return command(host=hosts.CUDA_GRAPHS if cuda_graphs else host or hosts.DEFAULT_HOST, **values)

    named = click.option(
        "--host",
        metavar="NAME|FILE",
        shell_complete=complete_hosts,
        help="What launches the kernels: a host of `memprof devices --hosts`, or a file that describes one. Default: "
        f"{hosts.DEFAULT_HOST}.",
    )
    graphs = click.option("--cuda-graphs", is_flag=True, help="Replay the step as a CUDA graph: no host holds it up.")
    return named(graphs(gathered))


def _stack(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    return None if value is None else parse_stack(value).text


stack_option = click.option(
    "--stack",
    default="",
    metavar="STACK",
    callback=_stack,
    help='What the step runs on, where that launches other kernels: "torch 1.13", "torch 2.4, attention in steps", '
    "\"torch 2.4, fast norm\" (timm's). Default: today's PyTorch.",
)
precision_option = click.option(
    "--precision",
    type=click.Choice(list(PRECISIONS)),
    default=None,
    help="Default: tf32 where the device has it, else fp32.",
)
phase_option = click.option(
    "--phase",
    type=click.Choice(PHASES),
    default=INFER,
    show_default=True,
    help="Forward only, or a whole training step with SGD.",
)
layout_option = click.option(
    "--layout", type=click.Choice(LAYOUTS), default=DEFAULT_LAYOUT, show_default=True, help="Of images and weights."
)
best_layout_option = click.option(
    "--layout",
    type=click.Choice(["best", *LAYOUTS]),
    default="best",
    show_default=True,
    help="Of images and weights. best: the faster of both in each phase, as published tables have it.",
)
output_option = click.option(
    "--output",
    type=click.Path(),
    default=DEFAULT_OUTPUT,
    show_default=True,
    metavar="DIR",
    callback=choose_folder,
    help="Folder for the files; made where missing.",
)
by_option = click.option(
    "--by",
    type=click.Choice(GROUPINGS),
    default=GROUPINGS[0],
    show_default=True,
    help="What the table of the most expensive groups by.",
)
top_option = click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Rows of that table."
)


def _explain(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is None or ctx.resilient_parsing:
        return
    from memprof.commands.output import echo, for_terminal
    from memprof.reports.report.explaining import text

    shown = for_terminal()
    echo(text(value, shown.width, color=shown.color))
    ctx.exit()


depth_option = click.option(
    "--depth",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Print the tree of modules, N deep, with the time of each. Default: none.",
)
explain_option = click.option(
    "--explain",
    metavar="WORD",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Say what a word of the report means, such as bound or 'ridge point', and do nothing else.",
)


def json_option(what: str = "record") -> _Decorator:
    """Return the option --json, which prints `what` and writes no files."""
    words = f"Print the {what} as JSON, and nothing else; write no files."
    return click.option("--json", "as_json", is_flag=True, help=words)
