"""Types of the tensors in lists, which no trace records: inferred from other tensors of the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memprof.calls import flatten_tensors
from memprof.tensors.spec import TensorSpec
from memprof.traces.arguments import UNKNOWN_TYPE, Inputs, fill_types
from memprof.traces.lanes import Span, in_order

_DEFAULT = "float32"
_COPY = "aten::copy_"


def fill_in(calls: Sequence[Span]) -> None:
    """Give tensors without a type the floating type that their shape was last seen with.

    Where that shape was not seen before, they get another type of that shape, then the type of the call's other
    tensors, then float32.
    """
    if not any(call.inputs.unknown_types for call in calls):
        return
    seen = _Seen()
    for call in sorted(calls, key=in_order):
        if call.inputs.unknown_types:
            call.inputs = _fill_call(call, seen)
        tensors = flatten_tensors(call.inputs.values)
        seen.note(tensors[:1] if call.name == _COPY else tensors)  # a copy makes its first tensor of the second


class _Seen:
    def __init__(self) -> None:
        self._floating: dict[tuple[int, ...], str] = {}
        self._others: dict[tuple[int, ...], str] = {}

    def note(self, tensors: Sequence[TensorSpec]) -> None:
        for tensor in tensors:
            known = self._floating if "float" in tensor.dtype else self._others
            known[tensor.shape] = tensor.dtype

    def find(self, shape: tuple[int, ...]) -> str | None:
        return self._floating.get(shape) or self._others.get(shape)


def _fill_call(call: Span, seen: _Seen) -> Inputs:
    types = (tensor.dtype for tensor in flatten_tensors(call.inputs.values) if tensor.dtype != UNKNOWN_TYPE)
    own = next(types, _DEFAULT)
    return replace(call.inputs, values=fill_types(call.inputs.values, lambda shape: seen.find(shape) or own))
