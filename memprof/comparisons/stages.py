"""Which stage of a network an operator belongs to, told from module paths, so that two networks lie side by side.

Networks name their stages `stages.0`, `layer1`, `blocks.3`, `features.5`, ... What they share is the order: a stem,
stages 1, 2, ..., a head. What lies between two stages, such as downsampling, counts to the later one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from memprof.report.record import OperatorRow, Report
from memprof.vocabulary import Phase

STEM, BLOCKS, HEAD, LOSS, OPTIMIZER, WHOLE = "stem", "blocks", "head", "loss", "optimizer", "model"
_MOST_STAGES = 8
"""With more numbered parts than this, they are blocks of one stage, as in a vision transformer."""
_DEEPEST = 4
_LEAST_SHARE = 0.3
"""Least fraction of the forward time that the stages of a network take."""
_LOSSES = ("log_softmax", "nll_loss", "cross_entropy", "_loss")


@dataclass(slots=True)
class _Family:
    """Modules whose paths differ in one number: `stages.0`, `stages.1`, ... (prefix "stages.").

    `seconds` is the predicted forward time below each; `parts` how many parts the longest path below each has.
    """

    prefix: str
    depth: int
    seconds: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    parts: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def stages(report: Report) -> tuple[str, ...]:
    """Return the stage of every operator of the report, in their order: "stem", "stage 1", ..., "head".

    The loss and the optimizer are stages of their own. Where a model has no numbered parts, its operators are those of
    stage "model"; where it has more than eight, as a vision transformer's blocks, they are all of stage "blocks".
    """
    forward = [row for row in report.operators if row.phase == Phase.FORWARD]
    names = _stage_names(forward)
    by_module = _modules(forward, names)
    return tuple(_stage(row, names, by_module) for row in report.operators)


def sort_stages(names: Iterable[str]) -> tuple[str, ...]:
    """Return stages in the order of a step, each once."""
    ends = {STEM: 0, WHOLE: 1, BLOCKS: 2, HEAD: 4, LOSS: 5, OPTIMIZER: 6}

    def place(stage: str) -> tuple[int, int]:
        number = stage.removeprefix("stage ")
        return ends.get(stage, 3), int(number) if number.isdecimal() else 0

    return tuple(sorted(set(names), key=place))


class _Names:
    """The stage names of the modules of one family; none where there is no family."""

    def __init__(self, family: _Family | None = None) -> None:
        self._prefix = family.prefix if family else ""
        self._names: dict[int, str] = {}
        if family:
            longest = max(family.parts.values())
            # What is not built of blocks of layers lies between two stages (torchvision: features.0, .2, .4, .6).
            numbers = sorted(number for number, parts in family.parts.items() if parts > longest - 2)
            single = len(numbers) > _MOST_STAGES
            self._names = {
                number: BLOCKS if single else f"stage {place}" for place, number in enumerate(numbers, start=1)
            }

    def __bool__(self) -> bool:
        return bool(self._names)

    def of(self, module: str) -> str | None:
        """Return the stage that the module's path says it belongs to, None where it lies in none."""
        for prefix, number, _ in _numbered(module):
            if prefix == self._prefix and self:
                return self._names.get(number)
        return None


def _stage_names(forward: Sequence[OperatorRow]) -> _Names:
    """Find the shallowest family of at least two modules that take a notable part of the forward time."""
    families: dict[str, _Family] = {}
    for row in forward:
        for prefix, number, depth in _numbered(row.module):
            family = families.setdefault(prefix, _Family(prefix, depth))
            family.seconds[number] += row.seconds
            family.parts[number] = max(family.parts[number], row.module.count(".") + 1)
    least = _LEAST_SHARE * sum(row.seconds for row in forward)
    fitting = [item for item in families.values() if len(item.seconds) > 1 and sum(item.seconds.values()) >= least]
    return _Names(min(fitting, key=lambda item: (item.depth, -sum(item.seconds.values())), default=None))


def _numbered(module: str) -> Iterator[tuple[str, int, int]]:
    """Yield, for each part of a path that ends in a number, what precedes the number, it, and the part's depth."""
    parts = module.split(".")
    for depth, part in enumerate(parts[:_DEEPEST]):
        match = re.fullmatch(r"(.*?)(\d{1,9})", part)
        if match and part.isascii():
            yield ".".join([*parts[:depth], match[1]]), int(match[2]), depth


def _modules(forward: Sequence[OperatorRow], names: _Names) -> dict[str, str]:
    """Return the stage of every module of the forward pass: its own, or by the stage that comes after it."""
    stages_by_module: dict[str, str] = {}
    known = [names.of(row.module) for row in forward]
    following = ""
    for row, stage in zip(reversed(forward), reversed(known), strict=True):
        following = stage or following
        if not _is_loss(row):
            stages_by_module[row.module] = following or HEAD
    for row, stage in zip(forward, known, strict=True):
        if stage:
            break
        stages_by_module[row.module] = STEM
    return stages_by_module if names else dict.fromkeys(stages_by_module, WHOLE)


def _stage(row: OperatorRow, names: _Names, by_module: dict[str, str]) -> str:
    if row.phase == Phase.OPTIMIZER:
        return OPTIMIZER
    own = names.of(row.module)
    if own:
        return own
    if _is_loss(row):
        return LOSS
    parts = row.module.split(".")
    paths = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    default = HEAD if names else WHOLE
    return next((by_module[path] for path in paths if path in by_module), default)


def _is_loss(row: OperatorRow) -> bool:
    """Return whether the model itself calls an operator of the loss, or a backward pass starts from its scalar."""
    scalar = row.phase == Phase.BACKWARD and sum(prod(shape) for shape in row.input_shapes) <= 1
    return not row.module and (scalar or any(word in row.name for word in _LOSSES))
