"""Shape rules of forward operators: output shapes, strides and dtypes as PyTorch's CUDA kernels allocate them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
import torch
from torch import Tensor

from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten


def like(tensor: Tensor) -> tuple[Sequence[int], Sequence[int]]:
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
    pairs = [like(operand) if isinstance(operand, Tensor) else ((), ()) for operand in operands]
    strides = layout.elementwise_strides(shape, pairs)
    return allocate(shape, strides, dtype or _promoted(operands))


def _promoted(operands: Sequence[Any]) -> torch.dtype:
    first, *others = operands
    dtype: torch.dtype = first.dtype
    for other in others:
        if not isinstance(other, Tensor) or other.dtype != dtype:
            dtype = torch.result_type(first, other)
    return dtype


@rule(aten.convolution.default)
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """CuDNN's rule (ATen cudnn_conv_suggest_memory_format): channels-last if the input or the weight is so."""
    sizes, kernel = input.shape[2:], weight.shape[2:]
    expected = weight.shape[0] if transposed else weight.shape[1] * groups
    if input.shape[1] != expected:
        raise RuntimeError(f"a convolution of {expected} channels was given an input of {input.shape[1]}")
    moves = [_spread(value, len(kernel)) for value in (stride, padding, dilation, output_padding)]
    per_dim = zip(sizes, kernel, *moves, strict=True)
    if transposed:
        channels = weight.shape[1] * groups
        spatial = [(n - 1) * s - 2 * p + d * (k - 1) + extra + 1 for n, k, s, p, d, extra in per_dim]
    else:
        channels = weight.shape[0]
        spatial = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d, _ in per_dim]
    shape = [*input.shape[:1], channels, *spatial]
    if min(spatial) <= 0:
        raise RuntimeError(f"a {tuple(kernel)} convolution kernel does not fit an input of {tuple(sizes)} pixels")
    return allocate(shape, layout.suggested_strides(shape, like(input), like(weight)), input.dtype)


def _spread(value: Sequence[int], count: int) -> Sequence[int]:
    return list(value) * count if len(value) == 1 else value


@rule(aten.native_batch_norm.default)
def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Output like the input; statistics of each channel, in the accumulation type, when training."""
    output = allocate(input.shape, layout.preserved_strides(*like(input)), input.dtype)
    channels = input.shape[1] if training else 0
    mean, rstd = (allocate((channels,), (1,), _accumulation_dtype(input)) for _ in range(2))
    return output, mean, rstd


def _accumulation_dtype(input: Tensor) -> torch.dtype:
    """Return the type in which CUDA kernels keep statistics (ATen AccumulateType.h)."""
    return torch.float64 if input.dtype == torch.float64 else torch.float32


@rule(aten.native_layer_norm.default)
def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Output always row-major: the CUDA kernel makes its input contiguous first."""
    output = allocate(input.shape, layout.contiguous_strides(input.shape), input.dtype)
    kept = [*input.shape[: -len(normalized_shape)], *[1] * len(normalized_shape)]
    strides = layout.contiguous_strides(kept)
    mean, rstd = (allocate(kept, strides, _accumulation_dtype(input)) for _ in range(2))
    return output, mean, rstd


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
    return allocate(input.shape, layout.preserved_strides(*like(input)), input.dtype)


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


@rule(aten.cat.default)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Channels-last if every input is so, else row-major (ATen cat_compute_output_memory_format)."""
    kept = [tensor for tensor in tensors if tuple(tensor.shape) != (0,)]
    shape = list(kept[0].shape)
    shape[dim] = sum(tensor.shape[dim] for tensor in kept)
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    if len(shape) in (4, 5) and all(layout.is_channels_last(*like(tensor)) for tensor in tensors):
        return allocate(shape, layout.channels_last_strides(shape), dtype)
    return allocate(shape, layout.contiguous_strides(shape), dtype)


@rule(aten.mean.dim, aten.sum.dim_IntList)
def reduce_dims(
    input: Tensor, dim: Sequence[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Tensor:
    """Reduce over `dim` (all where empty); the result is row-major."""
    rank = input.dim()
    reduced = {d % rank for d in dim} if dim and rank else set(range(rank))
    shape = [1 if d in reduced else n for d, n in enumerate(input.shape) if keepdim or d not in reduced]
    integral = not (input.is_floating_point() or input.is_complex())
    return allocate(shape, layout.contiguous_strides(shape), dtype or (torch.int64 if integral else input.dtype))


@rule(aten.sum.default)
def sum_all(input: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
    """Sum over everything."""
    total: Tensor = reduce_dims(input, None, dtype=dtype)
    return total


@rule(aten.mm.default)
def mm(left: Tensor, right: Tensor) -> Tensor:
    """(m, k) by (k, n) to row-major (m, n)."""
    return _row_major_product(left, right)


@rule(aten.addmm.default)
def addmm(bias: Tensor, left: Tensor, right: Tensor, *, beta: complex = 1, alpha: complex = 1) -> Tensor:
    """A bias added to (m, k) by (k, n)."""
    return _row_major_product(left, right)


@rule(aten.bmm.default)
def bmm(left: Tensor, right: Tensor) -> Tensor:
    """(b, m, k) by (b, k, n) to row-major (b, m, n)."""
    return _row_major_product(left, right)


@rule(aten.baddbmm.default)
def baddbmm(bias: Tensor, left: Tensor, right: Tensor, *, beta: complex = 1, alpha: complex = 1) -> Tensor:
    """A bias added to (b, m, k) by (b, k, n)."""
    return _row_major_product(left, right)


def _row_major_product(left: Tensor, right: Tensor) -> Tensor:
    if left.shape[-1] != right.shape[-2] or left.shape[:-2] != right.shape[:-2]:
        raise RuntimeError(f"matrices of {tuple(left.shape)} and {tuple(right.shape)} cannot be multiplied")
    if left.dtype != right.dtype:
        raise RuntimeError(f"matrices of {left.dtype} and {right.dtype} cannot be multiplied")
    shape = (*left.shape[:-1], right.shape[-1])
    return allocate(shape, layout.contiguous_strides(shape), left.dtype)


@rule(aten._softmax.default, aten._log_softmax.default)
def softmax(input: Tensor, dim: int, half_to_float: bool) -> Tensor:
    """Row-major, in float32 where a half-precision input is widened."""
    dtype = torch.float32 if half_to_float else input.dtype
    return allocate(input.shape, layout.contiguous_strides(input.shape), dtype)


@rule(aten.nll_loss_forward.default)
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: int, ignore_index: int
) -> tuple[Tensor, Tensor]:
    """One loss (an image's each when not reduced) and the sum of weights."""
    shape = target.shape if reduction == 0 else ()
    return allocate(shape, layout.contiguous_strides(shape), input.dtype), allocate((), (), input.dtype)


@rule(aten.max_pool2d_with_indices.default)
def max_pool2d(
    input: Tensor,
    kernel_size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """Output and indices in the input's memory format."""
    spatial = []
    steps = [_spread(value, 2) for value in (kernel_size, stride or kernel_size, padding, dilation)]
    for n, k, s, p, d in zip(input.shape[-2:], *steps, strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        out = (span + s - 1 if ceil_mode else span) // s + 1
        spatial.append(out - 1 if ceil_mode and (out - 1) * s >= n + p else out)
    shape = [*input.shape[:-2], *spatial]
    strides = layout.suggested_strides(shape, like(input))
    return allocate(shape, strides, input.dtype), allocate(shape, strides, torch.int64)


@rule(aten.empty_like.default)
def empty_like(input: Tensor, *, dtype: torch.dtype | None = None, memory_format: Any = None, **options: Any) -> Tensor:
    """A tensor like the input; preserve_format unless a format is named."""
    if memory_format in (None, torch.preserve_format):
        strides = layout.preserved_strides(*like(input))
    elif memory_format in (torch.channels_last, torch.channels_last_3d):
        strides = layout.channels_last_strides(input.shape)
    else:
        strides = layout.contiguous_strides(input.shape)
    return allocate(input.shape, strides, dtype or input.dtype)


@rule(aten.ones_like.default)
def ones_like(input: Tensor, **options: Any) -> Tensor:
    """Allocate, then fill: the fill is a kernel that the profile shows."""
    filled: Tensor = empty_like(input, **options)
    return filled.fill_(1)


@rule(aten.zeros_like.default)
def zeros_like(input: Tensor, **options: Any) -> Tensor:
    """Allocate, then fill."""
    filled: Tensor = empty_like(input, **options)
    return filled.zero_()


@rule(aten.new_zeros.default)
def new_zeros(input: Tensor, size: Sequence[int], *, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """Row-major zeros of the input's type."""
    return allocate(size, layout.contiguous_strides(size), dtype or input.dtype).zero_()
