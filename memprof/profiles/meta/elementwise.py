"""Shape rules of element-wise operators: results broadcast, promoted and laid out as ATen's TensorIterator does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
import torch
from torch import Tensor

from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten


def geometry(tensor: Tensor) -> tuple[Sequence[int], Sequence[int]]:
    """Return (shape, strides) of a tensor, as the stride arithmetic takes it."""
    return tensor.shape, tensor.stride()


def elementwise(*operands: Tensor | complex, dtype: torch.dtype | None = None) -> Tensor:
    """Allocate the result of an element-wise operator over tensors and numbers, broadcast and promoted.

    By numpy's broadcasting, which is torch's: torch's own function imports sympy.
    """
    tensors = [operand for operand in operands if isinstance(operand, Tensor)]
    shape: Sequence[int] = tensors[0].shape
    if any(tensor.shape != shape for tensor in tensors):
        shape = numpy.broadcast_shapes(*(tensor.shape for tensor in tensors))
    # A number reaches the kernel as a tensor without dimensions, which is broadcast.
    pairs = [geometry(operand) if isinstance(operand, Tensor) else ((), ()) for operand in operands]
    strides = layout.elementwise_strides(shape, pairs)
    return allocate(shape, strides, dtype or _promoted(operands))


def _promoted(operands: Sequence[Any]) -> torch.dtype:
    first, *others = operands
    dtype: torch.dtype = first.dtype
    for other in others:
        if not isinstance(other, Tensor) or other.dtype != dtype:
            dtype = torch.result_type(first, other)
    return dtype


@rule(
    aten.gelu.default,
    aten.silu.default,
    aten.hardswish.default,
    aten.hardsigmoid.default,
    aten.leaky_relu.default,
    aten.elu.default,
    aten.mish.default,
    aten.relu.default,
    aten.neg.default,
)
def unary(input: Tensor, *parameters: object, **options: object) -> Tensor:
    """One element in, one out, of the same type."""
    return elementwise(input)


@rule(aten.hardtanh.default)
def hardtanh(input: Tensor, *limits: float) -> Tensor:
    """A clamp into an `empty_like`, so that even strides of single-element dimensions are the input's."""
    return allocate(input.shape, layout.preserved_strides(*geometry(input)), input.dtype)


@rule(aten.sigmoid.default, aten.tanh.default, aten.exp.default, aten.sqrt.default, aten.rsqrt.default)
def unary_of_floats(input: Tensor) -> Tensor:
    """One element in, one out; integers become the default float type."""
    return elementwise(input, dtype=_floating(input.dtype))


def _floating(dtype: torch.dtype) -> torch.dtype:
    return dtype if dtype.is_floating_point or dtype.is_complex else torch.get_default_dtype()


@rule(aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.mul.Scalar, aten.add.Scalar, aten.sub.Scalar)
def binary(left: Tensor, right: Tensor | complex, alpha: complex = 1) -> Tensor:
    """Broadcasting arithmetic of two tensors or a tensor and a number."""
    return elementwise(left, right)


@rule(aten.add_.Tensor, aten.sub_.Tensor, aten.mul_.Tensor, aten.div_.Tensor)
def binary_in_place(left: Tensor, right: Tensor | complex, alpha: complex = 1) -> Tensor:
    """Arithmetic into the left operand, which keeps its shape."""
    if isinstance(right, Tensor) and numpy.broadcast_shapes(left.shape, right.shape) != left.shape:
        raise RuntimeError(f"a result of {tuple(left.shape)} cannot hold one broadcast from {tuple(right.shape)}")
    if not torch.can_cast(_promoted((left, right)), left.dtype):
        raise RuntimeError(f"a result of type {_promoted((left, right))} cannot be stored as {left.dtype}")
    return left


@rule(aten.div.Tensor, aten.div.Scalar)
def divide(left: Tensor, right: Tensor | complex) -> Tensor:
    """True division: of integers it is floating-point."""
    return elementwise(left, right, dtype=_floating(_promoted((left, right))))
