"""The operators of a gated step as a tree of modules, the form in which two steps are matched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from memprof.gate.records import OperatorLine

OPTIMIZER = "optimizer"
"""The phase of the step that updates parameters; its operators take many of them at once."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What calls of an operator cost: calls, kernel launches, FLOPs, DRAM bytes, predicted seconds."""

    calls: int = 0
    launches: int = 0
    flops: float = 0.0
    dram_bytes: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.calls + other.calls,
            self.launches + other.launches,
            self.flops + other.flops,
            self.dram_bytes + other.dram_bytes,
            self.seconds + other.seconds,
        )

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.calls - other.calls,
            self.launches - other.launches,
            self.flops - other.flops,
            self.dram_bytes - other.dram_bytes,
            self.seconds - other.seconds,
        )

    def of(self, calls: int) -> Amounts:
        """Return what `calls` of the calls cost, as all of them are equal."""
        if calls == self.calls:
            return self
        share = calls / self.calls
        return Amounts(
            calls, round(self.launches * share), self.flops * share, self.dram_bytes * share, self.seconds * share
        )


@dataclass(frozen=True, slots=True)
class Call:
    """What tells calls of one module apart; see `memprof.gate.records.OperatorLine` for the fields."""

    operator: str
    kind: str
    phase: str
    shapes: tuple[tuple[int, ...], ...]
    layouts: tuple[str, ...]
    dtype: str
    bound: str


@dataclass(frozen=True)
class Module:
    """A module: the calls of its own and its children by name. The model itself has the path ""."""

    path: str
    own: Mapping[Call, Amounts]
    children: Mapping[str, Module]

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """Return the path of the module that holds this one."""
        return self.path.rpartition(".")[0]

    @cached_property
    def content(self) -> int:
        """Return a number that modules with the same calls in the same children share, whatever their own name.

        What bounds a call is no part of it: that can change where the module does not.
        """
        own = Counter[tuple[object, ...]]()
        for call, amounts in self.own.items():
            own[call.operator, call.phase, call.shapes, call.layouts, call.dtype] += amounts.calls
        return hash((frozenset(own.items()), frozenset((name, child.content) for name, child in self.children.items())))

    @cached_property
    def operators(self) -> Counter[tuple[object, ...]]:
        """Count calls in and below the module by operator and phase, and once more by operator, phase and shapes."""
        counts = Counter[tuple[object, ...]]()
        for call, amounts in self.own.items():
            counts[call.operator, call.phase] += amounts.calls
            counts[call.operator, call.phase, call.shapes] += amounts.calls
        for child in self.children.values():
            counts.update(child.operators)
        return counts

    @cached_property
    def total(self) -> Amounts:
        """Return what the module costs with all below it."""
        return sum((child.total for child in self.children.values()), self.alone)

    @cached_property
    def alone(self) -> Amounts:
        """Return what the module's own calls cost."""
        return sum(self.own.values(), Amounts())

    def walk(self) -> Iterator[Module]:
        """Yield the module and all below it."""
        yield self
        for child in self.children.values():
            yield from child.walk()


def tree(lines: Iterable[OperatorLine]) -> Module:
    """Return the model as a tree of modules."""
    calls: dict[str, dict[Call, Amounts]] = {}
    for line in lines:
        call = _call(line)
        amounts = Amounts(line.calls, line.launches, line.flops, line.dram_bytes, line.seconds)
        for path in line.modules:
            own = calls.setdefault(path, {})
            own[call] = own.get(call, Amounts()) + amounts
    return _module("", [(path.split(".") if path else [], own) for path, own in calls.items()])


def _call(line: OperatorLine) -> Call:
    shapes, layouts = line.shapes, line.layouts
    if line.phase == OPTIMIZER and len(shapes) == len(layouts):  # in whatever order the model declares its parameters
        inputs = sorted(zip(shapes, layouts, strict=True))
        shapes, layouts = tuple(shape for shape, _ in inputs), tuple(layout for _, layout in inputs)
    return Call(line.operator, line.kind, line.phase, shapes, layouts, line.dtype, line.bound)


def _module(path: str, entries: Sequence[tuple[list[str], Mapping[Call, Amounts]]]) -> Module:
    below: dict[str, list[tuple[list[str], Mapping[Call, Amounts]]]] = {}
    own: Mapping[Call, Amounts] = {}
    for parts, calls in entries:
        if parts:
            below.setdefault(parts[0], []).append((parts[1:], calls))
        else:
            own = calls
    names = sorted(below, key=natural_order)
    return Module(path, own, {name: _module(f"{path}.{name}" if path else name, below[name]) for name in names})


def natural_order(name: str) -> list[tuple[bool, int, str]]:
    """Sort names with the numbers in them in order: "blocks.9" before "blocks.10"."""
    parts = re.split(r"(\d+)", name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts if part]


def likeness(one: Module, other: Module) -> float:
    """Return how much two modules do the same: 1 where they are equal, 0 where they share no operator."""
    if one.content == other.content:
        return 1.0
    size = one.operators.total() + other.operators.total()
    return 2 * (one.operators & other.operators).total() / size if size else 1.0
