"""How sentences name modules: one by its path, siblings as a range ("stages.2.blocks.0-8"), others by a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from memprof import words
from memprof.gate.modules import OPTIMIZER, natural_order

MODEL, UPDATE = "(model)", "(optimizer)"
_MOST_LISTED = 3


def name_module(path: str, phase: str) -> str:
    """Return what a module is called; the model itself, and the optimizer, have no path."""
    return path or (UPDATE if phase == OPTIMIZER else MODEL)


def pattern(path: str) -> str:
    """Return a path without its numbers: modules that share it are siblings or their like."""
    return re.sub(r"\d+", "#", path)


def name_modules(paths: Sequence[str]) -> str:
    """Name modules together, in as few words as tell them apart: "stages.0-3.norm", "stages.*.* (18 modules)"."""
    distinct = sorted(set(paths), key=natural_order)
    if len(distinct) == 1:
        return distinct[0]
    split = [path.split(".") for path in distinct]
    if len({len(parts) for parts in split}) == 1:
        differing = [place for place, names in enumerate(zip(*split, strict=True)) if len(set(names)) > 1]
        ranged = _range_text([parts[differing[0]] for parts in split]) if len(differing) == 1 else ""
        if ranged:
            return ".".join(ranged if place == differing[0] else part for place, part in enumerate(split[0]))
        if len(set(map(pattern, distinct))) == 1:
            shown = ["*" if place in differing else part for place, part in enumerate(split[0])]
            return f"{'.'.join(shown)} ({len(distinct)} modules)"
    shared = _shared_start(split)
    if shared:
        return f"{shared} ({len(distinct)} modules)"
    return words.enumerate_words(distinct) if len(distinct) <= _MOST_LISTED else f"{len(distinct)} modules"


def _range_text(names: Sequence[str]) -> str:
    """Return names that end in different numbers as one: "0-8", "layer1-2,4"; "" where they do not."""
    stems = {re.sub(r"\d+$", "", name) for name in names}
    numbers = sorted({int(ending[0]) for name in names if (ending := re.search(r"\d+$", name))})
    if len(stems) > 1 or len(numbers) < len(names):
        return ""
    starts = [numbers[0], *(two for one, two in pairwise(numbers) if two > one + 1)]
    ends = [*(one for one, two in pairwise(numbers) if two > one + 1), numbers[-1]]
    runs = [str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)]
    return f"{stems.pop()}{','.join(runs)}"


def _shared_start(split: Sequence[Sequence[str]]) -> str:
    shared = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)
