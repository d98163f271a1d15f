"""A dispatch mode that answers operators on the meta device with the strides that CUDA kernels would give.

PyTorch's own meta kernels are Python decompositions for many operators: they lose the memory format, and the first one
imports sympy and torch._dynamo, which takes longer than the whole analysis. Rules here are functions of the operator's
arguments that only allocate. An operator without a rule falls through to PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from memprof.profiles.memory import MemoryMeter

Rule = Callable[..., Any]

_RULES: dict[Any, Rule] = {}


def rule(*operators: Any) -> Callable[[Rule], Rule]:
    """Register the decorated function as the shape rule of `operators` (overloads of torch.ops)."""

    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(operators, function))
        return function

    return register


def allocate(shape: Sequence[int], strides: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Return an uninitialised meta tensor."""
    return torch.empty_strided(shape, strides, dtype=dtype, device="meta")


class MetaRules(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While entered, operators with a rule are answered by it. Works for meta tensors only.

    `meter` sees the result of every operator.
    """

    def __init__(self, meter: MemoryMeter | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._meter = meter or MemoryMeter()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Ask torch not to wrap this mode in torch._dynamo.disable: importing that takes longer than an analysis."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        answer = _RULES.get(func, func)
        result = answer(*args, **(kwargs or {}))
        self._meter.note(result)
        return result
