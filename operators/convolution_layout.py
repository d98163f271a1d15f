"""The copies PyTorch makes so that a convolution's tensors are packed in one memory format.

Source: ATen/native/Convolution.cpp and ATen/native/cudnn/ConvShared.cpp: channels-last if the input or the weight is
so, else row-major; then `input.contiguous(format)`, `weight.contiguous(format)`, `grad_output.contiguous(format)` ahead
of the kernel. A slice of channels is packed in neither format, so every convolution on a slice copies it first.
"""

from __future__ import annotations

from memprof.calls import OperatorCall
from memprof.operators.convolution_shapes import Convolution
from memprof.operators.traffic import pattern_of, stream
from memprof.operators.work import Pattern, Work
from memprof.tensors.shapes import dense, is_packed, memory_orders, packed_order
from memprof.tensors.spec import TensorSpec

COPYING = frozenset({"aten::convolution", "aten::_convolution", "aten::convolution_backward"})
"""Operators above the copies; those below (`aten::cudnn_convolution`) are given packed tensors."""


def layout_copies(call: OperatorCall, convolution: Convolution, *others: TensorSpec) -> tuple[Work, ...]:
    """Return a copy for the input, the weight and each of `others` that is not packed in the common format."""
    if call.name not in COPYING:
        return ()
    tensors = convolution.input, convolution.weight
    channels_last = convolution.channels_last
    return tuple(
        stream("layout copy", (tensor,), (dense(tensor.shape, tensor.dtype),), pattern=_pattern(tensor, channels_last))
        for tensor in (*tensors, *others)
        if not is_packed(tensor, channels_last=channels_last)
    )


def _pattern(tensor: TensorSpec, channels_last: bool) -> Pattern:
    """Return how the copy goes: a slice of channels keeps its order, a change of format transposes."""
    return pattern_of({*memory_orders((tensor,)), packed_order(tensor.shape, channels_last=channels_last)})
