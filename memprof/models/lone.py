"""Operators that can be studied alone: what they take, over which ranges, and the settings that follow.

Imports no torch; memprof.models.lone_modules builds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from memprof.errors import ModelError, did_you_mean

KERNEL, CHANNELS, RESOLUTION, BATCH_SIZE = ("kernel", "channels", "resolution", "batch_size")
HEADS, GROUPS = ("heads", "groups")
LARGEST = {KERNEL: 255, CHANNELS: 65_536, RESOLUTION: 4096, BATCH_SIZE: 65_536, HEADS: 1024, GROUPS: 65_536}
"""The parameters and the largest value of each; the first four are the usual order of a shape."""
DEFAULTS = {KERNEL: 7, CHANNELS: 96, RESOLUTION: 56, BATCH_SIZE: 128, HEADS: 3, GROUPS: 32}
MOST_SETTINGS = 256
DECOMPOSITIONS = "decompositions"
_PIXELS = (CHANNELS, RESOLUTION, BATCH_SIZE)
_RANGE = re.compile(r"(\d{1,9})(?:\.\.(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)

Values = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: `title` for headings, the parameters it takes, defaults of its own, what is wrong with values."""

    name: str
    title: str
    takes: tuple[str, ...]
    defaults: tuple[tuple[str, int], ...] = ()
    wrong: Callable[[Values], str] = lambda values: ""
    variants: tuple[str, ...] = ()

    def shape(self, values: Values) -> tuple[int, ...]:
        """Return the shape of its input."""
        images, channels, side = values[BATCH_SIZE], values[CHANNELS], values[RESOLUTION]
        if self.name == "attention":
            return (images, side * side, 3 * channels)
        return (images, side * side, channels) if self.name == "layernorm" else (images, channels, side, side)


@dataclass(frozen=True, slots=True)
class Setting:
    """One operator to analyse: its values by name, and which variant, "" where it has none."""

    operator: str
    values: tuple[tuple[str, int], ...]
    shape: tuple[int, ...]
    variant: str = ""

    def value(self, name: str) -> int:
        """Return the value of a parameter."""
        return dict(self.values)[name]


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a study in order; `varied` are the parameters with several values, with these values."""

    operator: str
    title: str
    varied: tuple[tuple[str, tuple[int, ...]], ...]
    fixed: tuple[tuple[str, int], ...]
    settings: tuple[Setting, ...]


def _unless(name: str, by: Callable[[Values], int], words: str) -> Callable[[Values], str]:
    def wrong(values: Values) -> str:
        return f"{values[CHANNELS]} channels are no multiple of {values[name]} {words}" if by(values) else ""

    return wrong


OPERATORS = {
    item.name: item
    for item in (
        Operator("depthwise", "depthwise convolution", (KERNEL, *_PIXELS)),
        Operator(
            "inception",
            "InceptionNeXt's token mixer",
            (KERNEL, *_PIXELS),
            ((KERNEL, 11),),
            lambda values: "fewer than 8 channels have no eighth for a branch" if values[CHANNELS] < 8 else "",
        ),
        Operator("pointwise", "1x1 convolution", _PIXELS),
        Operator("dense", "dense convolution", (KERNEL, *_PIXELS), ((KERNEL, 3),)),
        Operator(
            "grouped",
            "grouped convolution",
            (KERNEL, *_PIXELS, GROUPS),
            ((KERNEL, 3),),
            _unless(GROUPS, lambda values: values[CHANNELS] % values[GROUPS], "groups"),
        ),
        Operator("layernorm", "layer norm over channels", _PIXELS),
        Operator("batchnorm", "batch norm in training", _PIXELS),
        Operator("gelu", "GELU", _PIXELS),
        Operator(
            "attention",
            "attention of every pixel to every other",
            (*_PIXELS, HEADS),
            ((RESOLUTION, 14),),
            _unless(HEADS, lambda values: values[CHANNELS] % values[HEADS], "heads"),
        ),
        Operator(
            DECOMPOSITIONS,
            "decompositions of a large depthwise kernel",
            (KERNEL, *_PIXELS),
            wrong=lambda values: (
                "a kernel below 5 decomposes into nothing smaller"
                if values[KERNEL] < 5
                else "fewer than 8 channels have no eighth for a branch"
                if values[CHANNELS] < 8
                else ""
            ),
            variants=("whole", "separable", "inception", "fused", "dilated", "branches"),
        ),
    )
}


def plan(name: str, asked: Mapping[str, str]) -> Plan:
    """Return the settings of the operator `name` for parameters as text; ModelError where that makes no sense."""
    operator = OPERATORS.get(name.strip().lower())
    if operator is None:
        raise ModelError(f"there is no operator {name!r} to study", did_you_mean(name, OPERATORS))
    for parameter in asked:
        if parameter not in operator.takes:
            takes = ", ".join(map(option, operator.takes))
            raise ModelError(f"{operator.name} has no {parameter.replace('_', ' ')}", f"it takes {takes}")
    chosen = DEFAULTS | dict(operator.defaults)
    values = {
        parameter: read_values(parameter, asked[parameter]) if parameter in asked else (chosen[parameter],)
        for parameter in operator.takes
    }
    varied = {parameter: several for parameter, several in values.items() if len(several) > 1}
    check_varied(varied, most=1 if operator.variants else 2)
    settings = []
    for combined in product(*values.values()):
        one = dict(zip(values, combined, strict=True))
        if problem := operator.wrong(one):
            raise ModelError(f"{operator.name}: {problem}", "give others")
        settings += [
            Setting(operator.name, tuple(one.items()), operator.shape(one), variant)
            for variant in operator.variants or ("",)
        ]
    fixed = tuple((parameter, several[0]) for parameter, several in values.items() if len(several) == 1)
    return Plan(operator.name, operator.title, tuple(varied.items()), fixed, tuple(settings))


def check_varied(varied: Mapping[str, Sequence[int]], most: int) -> None:
    """Raise ModelError where more parameters vary than can be shown, or over too many values."""
    if len(varied) > most:
        names = ", ".join(map(option, varied))
        raise ModelError(f"{names} have several values each", f"vary at most {'two' if most == 2 else 'one'} of them")
    count = 1
    for several in varied.values():
        count *= len(several)
    if count > MOST_SETTINGS:
        raise ModelError(f"these are {count} settings", f"ask for at most {MOST_SETTINGS}, with larger steps")


def option(parameter: str) -> str:
    """Return what a parameter is called on the command line."""
    return f"--{parameter.replace('_', '-')}"


def read_values(parameter: str, text: str) -> tuple[int, ...]:
    """Return the values that `7`, `3..31`, `3..31:4` or `3,7,11` stands for, rising.

    A range of kernels goes through odd sizes, any other doubles, unless it has a step. ModelError for anything else.
    """
    values: set[int] = set()
    for part in str(text).split(","):
        ends = _RANGE.fullmatch(part.strip())
        if ends is None:
            raise ModelError(f"{option(parameter)} {text!r} gives no values", f"write {_example(parameter)}")
        first, last = int(ends[1]), int(ends[2] or ends[1])
        step = int(ends[3]) if ends[3] else 2 if parameter == KERNEL else None
        if first > last:
            raise ModelError(f"{option(parameter)} {part.strip()} runs backwards", f"write {last}..{first}")
        if step == 0:
            raise ModelError(f"{option(parameter)} {part.strip()} has a step of 0", f"write {_example(parameter)}")
        for end in (first, last):
            _check(parameter, end)
        if (last - first) // (step or last) > MOST_SETTINGS:
            raise ModelError(f"{option(parameter)} {part.strip()} has too many values", "give a larger step")
        values.update(_doubled(first, last) if step is None else range(first, last + 1, step))
    for value in values:
        _check(parameter, value)
    return tuple(sorted(values))


def _check(parameter: str, value: int) -> None:
    if not 1 <= value <= LARGEST[parameter]:
        raise ModelError(
            f"{option(parameter)} {value} is out of range", f"give whole numbers from 1 to {LARGEST[parameter]}"
        )
    if parameter == KERNEL and value % 2 == 0:
        raise ModelError(f"{option(parameter)} {value} is even", "give odd sizes, which keep the size of the map")


def _doubled(first: int, last: int) -> list[int]:
    values = []
    while first < last:
        values.append(first)
        first *= 2
    return [*values, last]


def _example(parameter: str) -> str:
    return {KERNEL: "7, 3..31, 3..31:4 or 3,7,11"}.get(parameter, "64, 8..512 (doubled), 8..64:8 or 1,8,32")


def band(kernel: int) -> int:
    """Return the length of the bands in place of a kernel: the paper's 11 (arXiv 2303.16900), or as long as it."""
    return max(11, kernel)


def dilation(kernel: int) -> int:
    """Return the dilation at which a 3x3 after a 3x3 sees as far as the kernel."""
    return (kernel - 3) // 2


def small_branch(kernel: int) -> int:
    """Return the side of the kernel trained beside a large one and merged into it: RepLKNet's 5 (arXiv 2203.06717)."""
    return min(5, kernel - 2)


def label(variant: str, kernel: int) -> str:
    """Return what a decomposition of a kernel is called."""
    bands = f"identity + 3x3 + 1x{band(kernel)} + {band(kernel)}x1"
    return {
        "": "",
        "whole": f"{kernel}x{kernel}",
        "separable": f"1x{kernel}, then {kernel}x1",
        "inception": bands,
        "fused": f"{bands}, fused",
        "dilated": f"3x3, then 3x3 dilated by {dilation(kernel)}",
        "branches": f"{kernel}x{kernel} + {small_branch(kernel)}x{small_branch(kernel)}, merged after training",
    }[variant]


def field(variant: str, kernel: int) -> int:
    """Return how many pixels a side a decomposition sees; of InceptionNeXt's bands that is a cross."""
    return band(kernel) if variant in ("inception", "fused") else kernel
