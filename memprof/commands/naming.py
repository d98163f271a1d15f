"""Which models, and which device, are named on the command line."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from memprof.commands.options import complete_devices, complete_models

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_MODEL_HELP = (
    "A model of the zoo, also with options (`inceptionnext_t:band_kernel=7`), `timm:NAME`, `torchvision:NAME`, "
    "`package.module:callable` or `file.py:callable`, also with arguments (`net.py:build:width=32`); the last four run "
    "that code. --model may be left out before it."
)
_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def models_option(more: str = "Repeat to compare.", *, needed: bool = True) -> _Decorator:
    """Return the option --model, which may be repeated and left out before names; the command gets `models`.

    UsageError where it is `needed` and none is given.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(named: tuple[str, ...], models: tuple[str, ...], **values: Any) -> Any:
            return command(models=_given(named, models) if needed or named or models else (), **values)

        option = click.option(
            "--model",
            "models",
            multiple=True,
            metavar="NAME",
            shell_complete=complete_models,
            help=f"{_MODEL_HELP} {more}",
        )
        return _argument(option(gathered))

    return decorate


def model_option(what: str, several: str = "") -> _Decorator:
    """Return the option --model of a command for one model, which gets `model`; `several` says what takes more."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(named: tuple[str, ...], model: tuple[str, ...], **values: Any) -> Any:
            given = _given(named, model)
            if len(given) > 1:
                context = click.get_current_context()
                hint = f"; {several}" if several else ""
                raise click.UsageError(f"{context.info_name} takes one model, not {', '.join(given)}{hint}", context)
            return command(model=given[0], **values)

        option = click.option("--model", multiple=True, metavar="NAME", shell_complete=complete_models, help=what)
        return _argument(option(gathered))

    return decorate


def _argument(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("named", nargs=-1, metavar="[NAME]...", shell_complete=complete_models)(command)


def _given(named: Sequence[str], models: Sequence[str]) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(name for text in (*named, *models) for name in split_models(text)))
    if not given:
        raise click.UsageError("missing option '--model'", click.get_current_context())
    return given


def split_models(text: str) -> list[str]:
    """Return the names in a list separated by commas; what follows a comma as `option=value` is the model's before it.

    A comma within brackets or quotes, or in the name of a file that is there, separates nothing.
    """
    file, ending, _ = text.partition(".py")
    if ending and "," in file and Path(file + ending).is_file():
        return [text]
    parts, depth, quote = [""], 0, ""
    for mark in text:
        depth += 0 if quote else _BRACKETS.get(mark, 0)
        if mark in "'\"" and quote in ("", mark):
            quote = "" if quote else mark
        if mark == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += mark
    names: list[str] = []
    for part in parts:
        if names and _NAMED.fullmatch(part.strip()):
            names[-1] += f",{part}"
        else:
            names.append(part)
    return [name.strip() for name in names if name.strip()] or [text]


def one_of(name: str, several: str) -> Callable[..., Any]:
    """Return the callback of an option that may be given once; `several` says what takes more."""

    def only(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> str | None:
        if len(value) > 1:
            raise click.UsageError(f"{name} is given {len(value)} times: {', '.join(value)}; {several}", ctx)
        return value[0] if value else None

    return only


SEVERAL_DEVICES = "`memprof compare` takes several"
device_option = click.option(
    "--device",
    default=("a100",),
    show_default=True,
    multiple=True,
    metavar="NAME|FILE",
    shell_complete=complete_devices,
    callback=one_of("--device", SEVERAL_DEVICES),
    help="A device of `memprof devices`, or a JSON or TOML file that describes one.",
)


def devices_option(default: tuple[str, ...] = ("a100",), more: str = "Repeat for several.") -> _Decorator:
    """Return the option --device of commands that take several; the command gets their `names`."""
    return click.option(
        "--device",
        "names",
        multiple=True,
        default=default,
        show_default=True,
        metavar="NAME|FILE",
        shell_complete=complete_devices,
        help=f"A device of `memprof devices`, or a file that describes one. {more}",
    )
