"""The operators of a baseline as short text: one line each, so that a file stays small and its changes can be read.

Modules that differ in one number are written as a range ("stages.0.blocks.0-2.norm"), shapes as "128x96x56x56". How an
input lies in memory is only written where that is not what its workload lets expect; "2*96" is two inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from memprof.vocabulary import CHANNELS_FIRST

_SCALAR = "scalar"
_PLAIN = re.compile(r"[\w.]*", re.ASCII)
_TENSOR = re.compile(r"(?:(\d{1,9})\*)?(scalar|\d{1,18}(?:x\d{1,18})*)(?: ([a-z-]+))?", re.ASCII)
_RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)
_MOST = 100_000
"""Modules or tensors that one piece of text may stand for: more is no network, but a damaged file."""


def modules_text(modules: Sequence[str]) -> str | list[str]:
    """Return modules as text; as they are where a name has a mark that the text gives a meaning."""
    if not all(_PLAIN.fullmatch(name) for name in modules):
        return list(modules)
    return ", ".join(_pieces(modules))


def parse_modules(text: str | list[str]) -> tuple[str, ...]:
    """Return the modules that `modules_text` wrote; ValueError where it is no such text."""
    if isinstance(text, list):
        return tuple(text)
    return tuple(name for piece in text.split(", ") for name in _expand(piece))


def tensors_text(shapes: Sequence[tuple[int, ...]], layouts: Sequence[str], usual: str) -> str:
    """Return shapes and layouts as text; `usual` is the layout of the workload."""
    words = []
    for (shape, layout), equal in groupby(zip(shapes, layouts, strict=True)):
        count = len(list(equal))
        sizes = "x".join(map(str, shape)) if shape else _SCALAR
        word = sizes if layout == _expected_layout(shape, usual) else f"{sizes} {layout}"
        words.append(word if count == 1 else f"{count}*{word}")
    return ", ".join(words)


def parse_tensors(text: str, usual: str) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Return the shapes and layouts that `tensors_text` wrote; ValueError where it is no such text."""
    shapes: list[tuple[int, ...]] = []
    layouts: list[str] = []
    for word in text.split(", ") if text else ():
        form = _TENSOR.fullmatch(word)
        if form is None:
            raise ValueError(f"{word!r} is no shape")
        count, sizes, layout = form.groups()
        times = int(count or 1)
        if not 1 <= times <= _MOST:
            raise ValueError(f"{word!r} is no shape")
        shape = () if sizes == _SCALAR else tuple(map(int, sizes.split("x")))
        shapes += [shape] * times
        layouts += [layout or _expected_layout(shape, usual)] * times
    return tuple(shapes), tuple(layouts)


def _expected_layout(shape: tuple[int, ...], usual: str) -> str:
    """Return how a dense tensor of a workload lies; see `memprof.tensors.shapes.layout_name` for the words."""
    if len(shape) not in (4, 5):
        return "contiguous"
    same_both_ways = shape[1] == 1 or all(size == 1 for size in shape[2:])
    return CHANNELS_FIRST if same_both_ways else usual


def _pieces(modules: Sequence[str]) -> Iterator[str]:
    """Yield neighbours that count up in one part of their path as one piece, the others as they are."""
    begun = 0
    while begun < len(modules):
        end, place = begun + 1, None
        while end < len(modules):
            counted = _counting_part(modules[end - 1], modules[end])
            if counted is None or place not in (None, counted):
                break
            place, end = counted, end + 1
        yield modules[begun] if place is None else _range_text(modules[begun], modules[end - 1], place)
        begun = end


def _counting_part(one: str, other: str) -> int | None:
    """Return the part of two paths that is one more in the other, all else being equal; None where there is none."""
    ones, others = one.split("."), other.split(".")
    if len(ones) != len(others):
        return None
    differing = [place for place, pair in enumerate(zip(ones, others, strict=True)) if pair[0] != pair[1]]
    if len(differing) != 1:
        return None
    (place,) = differing
    first, second = ones[place], others[place]
    is_next = first.isdecimal() and first == str(int(first)) and second == str(int(first) + 1)
    return place if is_next else None


def _range_text(first: str, last: str, place: int) -> str:
    parts = first.split(".")
    parts[place] = f"{parts[place]}-{last.split('.')[place]}"
    return ".".join(parts)


def _expand(piece: str) -> Iterator[str]:
    parts = piece.split(".")
    ranges = [(place, form) for place, part in enumerate(parts) if (form := _RANGE.fullmatch(part))]
    if not ranges and _PLAIN.fullmatch(piece):
        yield piece
        return
    if len(ranges) != 1:
        raise ValueError(f"{piece!r} names no modules")
    place, form = ranges[0]
    first, last = int(form[1]), int(form[2])
    if not first < last <= first + _MOST:
        raise ValueError(f"{form[0]!r} is no range")
    for number in range(first, last + 1):
        yield ".".join([*parts[:place], str(number), *parts[place + 1 :]])
