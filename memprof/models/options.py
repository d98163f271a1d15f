"""The options a model name can carry (`convnext_t:kernel=31`): how they are read, checked and written back.

Imports no torch, so that a wrong option is refused at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from memprof.errors import ModelError

Value = int | Fraction | str | tuple[str, ...]
"""What an option's text means: a kernel size, a share of channels, a choice, or a set of branches."""

MAX_KERNEL = 255
"""Largest kernel accepted, in pixels: the first stage of a 1024-pixel image has a 256-pixel map."""

BRANCHES = ("identity", "square", "horizontal", "vertical")
"""The branches of InceptionNeXt's token mixer, in the order in which its channels are split (arXiv 2303.16900)."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `meaning` says what it changes, `valid` what it accepts; `read` turns text into a value or None."""

    name: str
    meaning: str
    read: Callable[[str], Value | None]
    valid: str
    example: str

    def parse(self, model: str, text: str) -> Value:
        """Return the value that `text` stands for; ModelError, with an example for `model`, where it is not valid."""
        value = self.read(text.strip().lower())
        if value is None:
            raise ModelError(
                f"{self.name}={text.strip()} is not valid: {self.name} is {self.valid}",
                f"for example {model}:{self.name}={self.example}",
            )
        return value


def write(value: Value) -> str:
    """Return the one way to write a value: 7, 1/8, conv, identity+square."""
    return "+".join(value) if isinstance(value, tuple) else str(value)


def odd_kernel(name: str, meaning: str, example: str) -> Option:
    """Return an option that takes an odd kernel size, in pixels."""

    def read(text: str) -> int | None:
        size = int(text) if re.fullmatch("[0-9]{1,4}", text) else 0
        return size if size % 2 == 1 and size <= MAX_KERNEL else None

    return Option(name, meaning, read, f"an odd number of pixels from 1 to {MAX_KERNEL}", example)


def channel_share(name: str, meaning: str, example: str) -> Option:
    """Return an option that takes a share of the channels, as a fraction or a decimal number."""

    def read(text: str) -> Fraction | None:
        if not re.fullmatch(r"[0-9]{1,6}/[0-9]{1,6}|[0-9]{1,6}|[0-9]{0,6}\.[0-9]{1,6}", text):
            return None
        numerator, _, denominator = text.partition("/")
        if denominator and not int(denominator):
            return None
        share = Fraction(numerator) / (int(denominator) if denominator else 1)
        return share if 0 < share <= 1 else None

    return Option(name, meaning, read, "a share of the channels above 0 and at most 1", example)


def choice(name: str, meaning: str, *values: str) -> Option:
    """Return an option that takes one of the values."""
    return Option(name, meaning, lambda text: text if text in values else None, " or ".join(values), values[0])


def subset(name: str, meaning: str, values: tuple[str, ...]) -> Option:
    """Return an option that takes one or more of the values, joined by +, in any order, each at most once."""

    def read(text: str) -> tuple[str, ...] | None:
        parts = [part.strip() for part in text.split("+")]
        known = tuple(value for value in values if value in parts)
        return known if known and len(known) == len(parts) else None

    return Option(name, meaning, read, f"one or more of {', '.join(values)}, joined by +", "+".join(values[:3]))


def no_clash(options: Mapping[str, Value]) -> str:
    """Return "", for families whose options go with one another in every combination."""
    return ""


def inception_clash(options: Mapping[str, Value]) -> str:
    """Return what is contradictory among InceptionNeXt's options, or "" where nothing is."""
    chosen = options.get("branches", BRANCHES)
    branches = chosen if isinstance(chosen, tuple) else BRANCHES
    bands = [band for band in ("horizontal", "vertical") if band in branches]
    if "branch_ratio" in options and "identity" not in branches:
        return "branch_ratio has no effect without the identity branch: the others then share all channels equally"
    if "branch_ratio" in options and branches == ("identity",):
        return "branch_ratio has no effect on the identity branch alone"
    if options.get("arrangement") == "sequential" and len(bands) < 2:
        return "arrangement=sequential needs both the horizontal and the vertical branch"
    if "band_kernel" in options and not bands:
        return "band_kernel has no effect without the horizontal or the vertical branch"
    if options.get("implementation") == "auto" and (branches != BRANCHES or options.get("arrangement") == "sequential"):
        return "implementation=auto needs all four branches in parallel"
    if "square_kernel" in options and "square" not in branches:
        return "square_kernel has no effect without the square branch"
    return ""
