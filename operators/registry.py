"""Which operators memprof can cost, and how: a formula, a declared zero, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memprof.calls import OperatorCall
from memprof.errors import ModelError
from memprof.operators.work import Work
from memprof.vocabulary import Kind

Formula = Callable[[OperatorCall], tuple[Work, ...]]
"""Costs a call: one Work per kernel, empty for a call that launches nothing."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How one operator is costed; `kind` may depend on the call (a convolution may be depthwise)."""

    formula: Formula
    kind: Callable[[OperatorCall], Kind]


_OPERATORS: dict[str, Operator] = {}
_COMPOSITES: set[str] = set()


def formula(*names: str, kind: Kind | Callable[[OperatorCall], Kind]) -> Callable[[Formula], Formula]:
    """Register the decorated function as the formula of the operators `names`."""
    kind_of = (lambda call: kind) if isinstance(kind, Kind) else kind

    def register(function: Formula) -> Formula:
        for name in names:
            if name in _OPERATORS:
                raise ValueError(f"{name} has a formula already")
            _OPERATORS[name] = Operator(function, kind_of)
        return function

    return register


_TAUGHT: set[str] = set()


def teach(name: str, cost: Formula, kind: Kind) -> None:
    """Register a user's formula, in place of an earlier one of theirs; ModelError where memprof has its own."""
    if name in _OPERATORS and name not in _TAUGHT:
        raise ModelError(f"memprof knows what {name} costs", "register operators of your own")
    _OPERATORS[name] = Operator(cost, lambda call: kind)
    _TAUGHT.add(name)


def forget(name: str) -> None:
    """Forget a user's formula."""
    _TAUGHT.discard(name)
    _OPERATORS.pop(name, None)


def declare_free(*names: str, kind: Kind = Kind.LAYOUT) -> None:
    """Declare that the operators `names` compute and move nothing: views, metadata, allocation."""
    formula(*names, kind=kind)(lambda call: ())


def declare_composite(*names: str) -> None:
    """Declare that the operators `names` do nothing themselves: what they cost is what the calls inside them cost.

    Such an operator may hide a copy (`aten::reshape`, `aten::contiguous`, `aten::to`), so it is not free: a reader of
    a profile descends into it, and only where nothing is nested inside has it cost nothing.
    """
    for name in names:
        if name in _OPERATORS:
            raise ValueError(f"{name} has a formula already")
    _COMPOSITES.update(names)


def is_composite(name: str) -> bool:
    """Return whether the operator `name` costs nothing where no other call is nested inside it."""
    return name in _COMPOSITES


def costed_names() -> frozenset[str]:
    """Return the names of all operators that have a formula or are declared free."""
    return frozenset(_OPERATORS)


def find(name: str) -> Operator | None:
    """Return how the operator `name` is costed, or None where memprof does not know it."""
    return _OPERATORS.get(name)
