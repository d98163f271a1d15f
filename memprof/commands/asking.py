"""What is asked for on the command line: models, one device, and what models are given."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from memprof.commands.options import complete_devices, complete_models
from memprof.errors import WorkloadError
from memprof.profiles.task import IMAGES, Task
from memprof.tensors.inputs import Inputs, read_inputs, spec
from memprof.workload import DEFAULT_BATCH_SIZE, check_workload

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_MODEL_HELP = (
    "A model of the zoo, also with options (`inceptionnext_t:band_kernel=7`), `timm:NAME`, `torchvision:NAME`, "
    "`package.module:callable` or `file.py:callable`, also with arguments (`net.py:build:width=32`); the last four run "
    "that code."
)
_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SIZES = re.compile(r"([+-]?\d{1,9})(?:x(\d{1,9}))?", re.ASCII)
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def models_option(more: str = "Repeat to compare.") -> _Decorator:
    """Return the option --model, which may be repeated and left out before names; the command gets `models`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(named: tuple[str, ...], models: tuple[str, ...], **values: Any) -> Any:
            return command(models=_given(named, models), **values)

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


class _BatchSize(click.ParamType):
    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and (".." in value or "," in value):
            self.fail(f"{value!r} are several; `memprof roofline --batch-size 1..512` takes them", param, ctx)
        converted: int = click.INT.convert(value, param, ctx)
        return converted


class _Resolution(click.ParamType):
    name = "PIXELS|HxW"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        match = _SIZES.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(f"{value!r} is not a valid integer, nor a height and width such as 512x2048.", param, ctx)
        height, width = int(match[1]), int(match[2] or match[1])
        return height if height == width else (height, width)


BATCH_SIZE, RESOLUTION = _BatchSize(), _Resolution()
batch_size_option = click.option(
    "--batch-size",
    type=BATCH_SIZE,
    show_default=f"{DEFAULT_BATCH_SIZE}, or what the inputs hold",
    help="Images in a step.",
)
resolution_option = click.option(
    "--resolution",
    type=RESOLUTION,
    help="Pixels a side, or height and width: 512x2048. Default: the model's own, mostly 224.",
)
input_option = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]SHAPE[:DTYPE]",
    help="In place of images, an argument of the model's forward: 2x3x224x224, 2x77:int64, mask=2x77:bool. Repeat for "
    "more, in order.",
)

Resolution = int | tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What models are given: a task, and what of batch size and resolution it leaves open."""

    task: Task
    batch_size: int | None
    resolution: int | None

    def with_batch(self, batch_size: int) -> Asked:
        """Return the same in another batch size."""
        inputs = self.task.inputs
        task = self.task if inputs is None else replace(self.task, inputs=inputs.with_batch(batch_size))
        return replace(self, task=task, batch_size=batch_size)


def ask(
    inputs: Sequence[str], resolution: Resolution, batch_size: int | None, default_batch_size: int = DEFAULT_BATCH_SIZE
) -> Asked:
    """Return what options ask for; WorkloadError where that makes no sense, or contradicts itself."""
    if inputs and resolution is not None:
        raise WorkloadError("--input has a resolution of its own", "leave out --resolution, or --input")
    if isinstance(resolution, tuple):
        for side in resolution:
            _check(batch_size or default_batch_size, side)
        shape = (batch_size or default_batch_size, 3, *resolution)
        return Asked(replace(IMAGES, inputs=Inputs((spec(shape),))), None, None)
    if batch_size is not None:
        _check(batch_size, resolution)
    asked = Asked(replace(IMAGES, inputs=_read(inputs)), None if inputs else batch_size, resolution)
    return asked.with_batch(batch_size) if batch_size is not None and inputs else asked


def _check(batch_size: int, resolution: int | None) -> None:
    check_workload(
        batch_size=batch_size, resolution=resolution, phase="infer", precision="fp32", layout="channels-last"
    )


def _read(inputs: Sequence[str]) -> Inputs | None:
    positional, named = [], {}
    for text in inputs:
        match = _NAMED.fullmatch(text.strip())
        if match and match[1] in named:
            raise WorkloadError(f"--input {match[1]} is given twice", "give it once")
        if match:
            named[match[1]] = spec(match[2])
        else:
            positional.append(spec(text))
    return read_inputs(tuple(positional), named) if inputs else None
