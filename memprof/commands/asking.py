"""What models are given, on the command line: batch sizes, resolutions, and inputs of their own."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import click

from memprof.analysis.asking import Resolution, ask, read_resolution
from memprof.workload import DEFAULT_BATCH_SIZE, check_batch_size

_RANGE = re.compile(r"(\d{1,9})(?:\.\.(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)
_MOST_BATCHES = 64


class _BatchSize(click.ParamType):  # type: ignore[type-arg]
    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and (".." in value or "," in value):
            self.fail(f"{value!r} are several; `memprof roofline --batch-size 1..512` takes them", param, ctx)
        converted: int = click.INT.convert(value, param, ctx)
        return converted


class _Resolution(click.ParamType):  # type: ignore[type-arg]
    name = "PIXELS|HxW"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return read_resolution(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{value!r} is not a valid integer, nor a height and width such as 512x2048.", param, ctx)


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
                check_batch_size(end)
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
    help=f"Images in a step. Default: {DEFAULT_BATCH_SIZE}, or what the inputs hold.",
)
batch_sizes_option = click.option(
    "--batch-size",
    type=_BatchSizes(),
    help=f"Images in a step. Default: {DEFAULT_BATCH_SIZE}, or what the inputs hold. Several find where more stops "
    "to pay: 1..512 (doubled each time), 8..64:8 (steps of 8), 1,8,32.",
)
resolution_option = click.option(
    "--resolution",
    type=RESOLUTION,
    metavar="PIXELS|HxW",
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


def asked_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --batch-size, --resolution and --input; the command gets what they ask for, `asked`."""

    @functools.wraps(command)
    def gathered(batch_size: int | None, resolution: Resolution, inputs: tuple[str, ...], **values: Any) -> Any:
        return command(asked=ask(inputs, resolution, batch_size), **values)

    return batch_size_option(resolution_option(input_option(gathered)))
