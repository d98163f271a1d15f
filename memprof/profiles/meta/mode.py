"""A dispatch mode that answers operators on the meta device with the strides that CUDA kernels would give.

PyTorch's own meta kernels are Python decompositions for many operators: they lose the memory format, and the first one
imports sympy and torch._dynamo, which takes longer than the whole analysis. Rules here are functions of the operator's
arguments that only allocate. An operator without a rule falls through to PyTorch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from memprof.profiles.memory import MemoryMeter
from memprof.profiles.meta.known_values import KnownValues
from memprof.profiles.records import ASIDE
from memprof.profiles.scopes import record_call, record_scope, running_phase
from memprof.profiles.unrecorded import LEFT_OUT, POSITION, note

Rule = Callable[..., Any]

_RULES: dict[Any, Rule] = {}
_UPPER: dict[Any, Rule] = {}
"""Rules of operators whose result is as large as the data decide: the largest one, None where no data decide; and its
values, where everything being kept tells them."""
_OF_TORCH = frozenset({"aten", "prim", "prims", "profiler"})
"""Libraries whose operators' shape rules call nothing that costs, or are calls that do the operator's work."""
_READERS = {
    torch.ops.aten._local_scalar_dense.default: ".item()",
    torch.ops.aten.equal.default: "torch.equal",
}
"""Operators that give a Python number of a tensor's values, and how they are called in Python."""
_ANSWERS: dict[Any, Callable[[torch.Tensor], int | None]] = {
    torch.ops.aten.any.default: lambda tensor: False,
    torch.ops.aten.all.default: lambda tensor: True,
    torch.ops.aten.sum.default: lambda tensor: tensor.numel() if tensor.dtype is torch.bool else None,
}
"""What questions about all elements are answered where the elements are not known: as for data with nothing wrong, and
masks that keep everything."""


def rule(*operators: Any) -> Callable[[Rule], Rule]:
    """Register the decorated function as the shape rule of `operators` (overloads of torch.ops)."""

    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(operators, function))
        return function

    return register


def upper_rule(*operators: Any) -> Callable[[Rule], Rule]:
    """Register the rule of `operators` whose result may be smaller: it returns the largest one and its known values.

    It is given KnownValues before the operator's arguments.
    """

    def register(function: Rule) -> Rule:
        _UPPER.update(dict.fromkeys(operators, function))
        return function

    return register


def allocate(shape: Sequence[int], strides: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Return an uninitialised meta tensor."""
    return torch.empty_strided(shape, strides, dtype=dtype, device="meta")


class ValueRead(RuntimeError):
    """A network asked for a number that only real data could tell."""


class MetaRules(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While entered, operators with a rule are answered by it. Works for meta tensors only.

    `meter` sees the result of every operator; `values` are those that are known without data. `kept` counts operators
    whose result was taken to be as large as it can be, by name; `guesses` answers that were assumed.
    """

    def __init__(self, meter: MemoryMeter | None = None, values: KnownValues | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._meter = meter or MemoryMeter()
        self._values = values or KnownValues()
        self.kept: Counter[str] = Counter()
        self.guesses = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Ask torch not to wrap this mode in torch._dynamo.disable: importing that takes longer than an analysis."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in LEFT_OUT:
            note(args[POSITION])
        real = self._values.compute(func, tuple(args), kwargs)
        if func in _READERS:
            return self._read(func, args, real)
        result = self._answer(func, args, kwargs, real)
        if real is not None:
            self._values.keep(result, real)
        elif func in _ANSWERS and (answer := _ANSWERS[func](args[0])) is not None:
            self._values.guess(result, answer)
        self._meter.note(result)
        self._meter.mark(func._schema.name, running_phase())
        return result

    def _answer(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any], real: Any) -> Any:
        upper = _UPPER.get(func)
        if upper is not None:
            if real is not None:
                return _like(real)
            largest, values = upper(self._values, *args, **kwargs)
            if largest is not None:
                self.kept[func._schema.name] += 1
                if values is not None:
                    self._values.keep(largest, values)
                return largest
        answer = _RULES.get(func, func)
        if getattr(func, "namespace", "aten") in _OF_TORCH:
            return answer(*args, **kwargs)
        # Torch records no event of an operator that Python code defines, and what its shape rule calls is not what
        # it does.
        with record_call(func._schema.name, args), record_scope(ASIDE):
            return answer(*args, **kwargs)

    def _read(self, func: Any, args: Sequence[Any], real: Any) -> Any:
        if real is None and args[0].is_meta:
            raise ValueRead(f"{_READERS[func]} reads a value")
        if self._values.is_guessed(args[0]):
            self.guesses += 1
        return func(*args) if real is None else real


def _like(real: Any) -> Any:
    """Return meta tensors like real ones."""
    if isinstance(real, torch.Tensor):
        return allocate(real.shape, real.stride(), real.dtype)
    return tuple(map(_like, real)) if isinstance(real, (tuple, list)) else real
