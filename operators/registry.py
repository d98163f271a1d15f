"""Which operators memprof can cost, and how: a formula, a declared zero, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from memprof.calls import OperatorCall
from memprof.operators.work import Work


class Kind(StrEnum):
    """The families that reports group and colour operators by."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise convolution"
    MATMUL = "matmul"
    ATTENTION = "attention"
    NORMALIZATION = "normalization"
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    POOLING = "pooling"
    LAYOUT = "layout"
    OPTIMIZER = "optimizer"
    UNKNOWN = "unknown"


Formula = Callable[[OperatorCall], tuple[Work, ...]]
"""Costs a call: one Work per kernel, empty for a call that launches nothing."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How one operator is costed; `kind` may depend on the call (a convolution may be depthwise)."""

    formula: Formula
    kind: Callable[[OperatorCall], Kind]


_OPERATORS: dict[str, Operator] = {}


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


def declare_free(*names: str, kind: Kind = Kind.LAYOUT) -> None:
    """Declare that the operators `names` compute and move nothing: views, metadata, allocation."""
    formula(*names, kind=kind)(lambda call: ())


def find(name: str) -> Operator | None:
    """Return how the operator `name` is costed, or None where memprof does not know it."""
    return _OPERATORS.get(name)
