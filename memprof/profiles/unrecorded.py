"""Arguments that torch's profiler does not record, noted as a scope inside the operator: lists of optional tensors.

Such a list are the positions of `x[rows, columns]`, whose shape is that of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from memprof.profiles.records import ARGUMENT_PREFIX
from memprof.profiles.scopes import record_scope
from memprof.tensors.spec import Argument, TensorSpec

aten = torch.ops.aten
OPERATORS = ("aten::index", "aten::_index_put", "aten::_unsafe_index")
POSITION = 1
"""The place of the list among the operators' arguments."""
LEFT_OUT = frozenset(
    {
        aten.index.Tensor,
        aten.index_put.default,
        aten.index_put_.default,
        aten._index_put_impl_.default,
        aten._unsafe_index.Tensor,
    }
)


def note(tensors: Sequence[Tensor | None]) -> None:
    """Record a list of tensors as a scope of the operator that runs."""
    with record_scope(ARGUMENT_PREFIX + ";".join(map(_write, tensors))):
        pass


def complete(arguments: tuple[Argument, ...], node: Any) -> tuple[Argument, ...]:
    """Return the arguments of an operator, with the list that was noted below its node of the profiler's tree."""
    below = [child for mode in node.children for child in mode.children]
    for child in (*node.children, *below):
        if child.name.startswith(ARGUMENT_PREFIX):
            tensors = tuple(map(_read, child.name.removeprefix(ARGUMENT_PREFIX).split(";")))
            return (*arguments[:POSITION], tensors, *arguments[POSITION + 1 :])
    return arguments


def _write(tensor: Tensor | None) -> str:
    if tensor is None:
        return ""
    numbers = (",".join(map(str, values)) for values in (tensor.shape, tensor.stride()))
    return "/".join((str(tensor.dtype).removeprefix("torch."), *numbers))


def _read(text: str) -> TensorSpec | None:
    if not text:
        return None
    dtype, shape, strides = text.split("/")
    return TensorSpec(_numbers(shape), _numbers(strides), dtype)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)
