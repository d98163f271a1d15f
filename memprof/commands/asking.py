"""What models are given, on the command line: batch sizes, resolutions, and inputs of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from memprof.errors import WorkloadError
from memprof.profiles.task import IMAGES, Task
from memprof.tensors.inputs import Inputs, read_inputs, spec
from memprof.workload import DEFAULT_BATCH_SIZE, check_workload

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SIZES = re.compile(r"([+-]?\d{1,9})(?:x(\d{1,9}))?", re.ASCII)
_RANGE = re.compile(r"(\d{1,9})(?:\.\.(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)
_MOST_BATCHES = 64


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


class _BatchSizes(_BatchSize):
    name = "N|FIRST..LAST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return one batch size, or a tuple of several in rising order."""
        if not isinstance(value, str) or not (".." in value or "," in value):
            return super().convert(value, param, ctx)
        sizes: set[int] = set()
        for part in value.split(","):
            ends = _RANGE.fullmatch(part.strip())
            if ends is None:
                self.fail(f"{value!r} gives no batch sizes; write 1..512, 8..64:8 or 1,8,32.", param, ctx)
            first, last, step = int(ends[1]), int(ends[2] or ends[1]), int(ends[3] or 0)
            for end in (first, last):
                _check(end, None)
            if first > last or (ends[3] and not step):
                self.fail(f"{part} runs backwards or nowhere; write {last}..{first}.", param, ctx)
            sizes.update(range(first, last + 1, step) if step else _doubled(first, last))
            if len(sizes) > _MOST_BATCHES:
                self.fail(f"{value} are more than {_MOST_BATCHES}; write larger steps, such as 8..512:8.", param, ctx)
        if len(sizes) < 2:
            return sizes.pop()
        return tuple(sorted(sizes))


def _doubled(first: int, last: int) -> list[int]:
    """Return first, twice that, and so on, and last."""
    sizes = [first]
    while 2 * sizes[-1] < last:
        sizes.append(2 * sizes[-1])
    return [*sizes, last]


BATCH_SIZE, RESOLUTION = _BatchSize(), _Resolution()
batch_size_option = click.option(
    "--batch-size",
    type=BATCH_SIZE,
    show_default=f"{DEFAULT_BATCH_SIZE}, or what the inputs hold",
    help="Images in a step.",
)
batch_sizes_option = click.option(
    "--batch-size",
    type=_BatchSizes(),
    show_default=f"{DEFAULT_BATCH_SIZE}, or what the inputs hold",
    help="Images in a step. Several find where more stops to pay: 1..512 (doubled each time), 8..64:8 (steps of 8), "
    "1,8,32.",
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
