"""What an old profile did not record of a convolution, inferred from what its neighbours recorded.

Before torch 2.1 a profile has the shapes of tensors but no numbers: no stride, no padding. The output of a convolution
is an input of what follows it (its bias, its norm, its activation), so stride and padding are those that lead there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product

from memprof.calls import OperatorCall
from memprof.operators.convolution_shapes import FORWARD, Schema
from memprof.tensors.shapes import Shape
from memprof.tensors.spec import Argument
from memprof.vocabulary import Phase

INFERRED = "stride and padding inferred from the shape of what follows, groups from the shape of the weight"
_NEIGHBOURS = 6
"""Calls that may stand between a convolution and the first that takes its output, views among them."""
_STRIDES = (1, 2, 3, 4, 8, 14, 16, 32)
"""Strides that networks use: the last ones cut images into patches."""


def complete(calls: Sequence[OperatorCall]) -> tuple[OperatorCall, ...]:
    """Return `calls` with the strides and paddings that convolutions lack, where what follows them tells."""
    return tuple(_complete_call(call, calls, place) for place, call in enumerate(calls))


def _complete_call(call: OperatorCall, calls: Sequence[OperatorCall], place: int) -> OperatorCall:
    schema = FORWARD.get(call.name)
    if schema is None or schema.stride is None or call.argument(schema.stride) is not None:
        return call
    source, weight = call.optional_tensor(schema.input), call.optional_tensor(schema.weight)
    if source is None or weight is None or schema.always_transposed or len(source.shape) != len(weight.shape):
        return call
    for output in _outputs(source.shape, weight.shape, calls, place):
        moves = [_move(*sizes) for sizes in zip(source.shape[2:], weight.shape[2:], output[2:], strict=True)]
        known = [move for move in moves if move is not None]
        if len(known) == len(moves):
            return _fill(call, schema, known)
    return call


def _outputs(source: Shape, weight: Shape, calls: Sequence[OperatorCall], place: int) -> Iterator[Shape]:
    """Yield the shapes among the inputs of the next calls that the convolution's output may have."""
    for call in islice(calls, place + 1, place + 1 + _NEIGHBOURS):
        if call.phase is not Phase.FORWARD:
            return
        for tensor in call.tensors():
            if tensor.shape[:2] == (source[0], weight[0]) and len(tensor.shape) == len(source):
                yield tensor.shape


def _move(size: int, taps: int, result: int) -> tuple[int, int] | None:
    """Return the stride and padding that make `result` of `size`: same padding before none, small strides first."""
    paddings = dict.fromkeys(((taps - 1) // 2, taps // 2, 0))
    for padding, stride in product(paddings, _STRIDES):
        if (size + 2 * padding - taps) // stride + 1 == result:
            return stride, padding
    return None


def _fill(call: OperatorCall, schema: Schema, moves: Sequence[tuple[int, int]]) -> OperatorCall:
    """Return a call with its stride and padding, one pair of them for each dimension."""
    strides, paddings = (tuple(move[part] for move in moves) for part in range(2))
    inputs: list[Argument] = list(call.inputs)
    for place, value in {schema.stride: strides, schema.padding: paddings}.items():
        if place is not None:
            inputs += [None] * (place + 1 - len(inputs))
            inputs[place] = value
    return replace(call, inputs=tuple(inputs), inferred=INFERRED)
