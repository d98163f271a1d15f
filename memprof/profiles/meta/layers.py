"""Shape rules of layers: convolution, normalization, pooling, softmax and loss, as PyTorch's CUDA kernels allocate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from memprof.profiles.meta.elementwise import geometry
from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten


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
    return allocate(shape, layout.suggested_strides(shape, geometry(input), geometry(weight)), input.dtype)


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
    output = allocate(input.shape, layout.preserved_strides(*geometry(input)), input.dtype)
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
    strides = layout.suggested_strides(shape, geometry(input))
    return allocate(shape, strides, input.dtype), allocate(shape, strides, torch.int64)


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
