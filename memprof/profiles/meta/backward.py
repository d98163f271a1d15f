"""Shape rules of backward operators and in-place optimizer operators."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from memprof.profiles.meta.elementwise import elementwise, geometry
from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten

Gradients = tuple[Tensor | None, Tensor | None, Tensor | None]


@rule(aten.convolution_backward.default)
def convolution_backward(
    grad_output: Tensor,
    input: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    output_mask: Sequence[bool],
) -> Gradients:
    """CuDNN's rule: both gradients are channels-last if the input or the weight is so."""
    pairs = geometry(input), geometry(weight)
    grad_input = allocate(input.shape, layout.suggested_strides(input.shape, *pairs), input.dtype)
    grad_weight = allocate(weight.shape, layout.suggested_strides(weight.shape, *pairs), weight.dtype)
    grad_bias = allocate((grad_output.shape[1],), (1,), weight.dtype)
    return _masked((grad_input, grad_weight, grad_bias), output_mask)


def _masked(gradients: tuple[Tensor, Tensor, Tensor], mask: Sequence[bool]) -> Gradients:
    first, second, third = (gradient if wanted else None for gradient, wanted in zip(gradients, mask, strict=True))
    return first, second, third


@rule(aten.native_batch_norm_backward.default)
def native_batch_norm_backward(
    grad_output: Tensor,
    input: Tensor,
    weight: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    save_mean: Tensor | None,
    save_invstd: Tensor | None,
    train: bool,
    eps: float,
    output_mask: Sequence[bool],
) -> Gradients:
    """The input's gradient is laid out like the input; the affine gradients have the weight's type."""
    grad_input = allocate(input.shape, layout.preserved_strides(*geometry(input)), input.dtype)
    dtype = input.dtype if weight is None else weight.dtype
    affine = [allocate((input.shape[1],), (1,), dtype) for _ in range(2)]
    return _masked((grad_input, affine[0], affine[1]), output_mask)


@rule(aten.native_layer_norm_backward.default)
def native_layer_norm_backward(
    grad_output: Tensor,
    input: Tensor,
    normalized_shape: Sequence[int],
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    output_mask: Sequence[bool],
) -> Gradients:
    """Row-major gradients: the CUDA kernel makes its inputs contiguous first."""
    grad_input = allocate(input.shape, layout.contiguous_strides(input.shape), input.dtype)
    dtype = input.dtype if weight is None else weight.dtype
    strides = layout.contiguous_strides(normalized_shape)
    affine = [allocate(normalized_shape, strides, dtype) for _ in range(2)]
    return _masked((grad_input, affine[0], affine[1]), output_mask)


@rule(
    aten.gelu_backward.default,
    aten.silu_backward.default,
    aten.hardswish_backward.default,
    aten.hardsigmoid_backward.default,
    aten.hardtanh_backward.default,
    aten.sigmoid_backward.default,
    aten.tanh_backward.default,
)
def activation_backward(grad_output: Tensor, saved: Tensor, *parameters: object, **options: object) -> Tensor:
    """The gradient of an activation, from the incoming gradient and the saved input or output."""
    return elementwise(grad_output, saved)


@rule(aten.threshold_backward.default)
def threshold_backward(grad_output: Tensor, saved: Tensor, threshold: float) -> Tensor:
    """ReLU's gradient; ATen hands its iterator the saved tensor first, so that one's strides win."""
    return elementwise(saved, grad_output)


@rule(aten._softmax_backward_data.default, aten._log_softmax_backward_data.default)
def softmax_backward(grad_output: Tensor, output: Tensor, dim: int, input_dtype: torch.dtype) -> Tensor:
    """Row-major, in the type of the forward's input."""
    return allocate(output.shape, layout.contiguous_strides(output.shape), input_dtype)


@rule(aten.nll_loss_backward.default)
def nll_loss_backward(
    grad_output: Tensor,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: int,
    ignore_index: int,
    total_weight: Tensor,
) -> Tensor:
    """A gradient for every class of every image."""
    return allocate(input.shape, layout.contiguous_strides(input.shape), input.dtype)


@rule(aten.max_pool2d_with_indices_backward.default)
def max_pool2d_backward(grad_output: Tensor, input: Tensor, *parameters: object) -> Tensor:
    """In the input's memory format."""
    return allocate(input.shape, layout.suggested_strides(input.shape, geometry(input)), input.dtype)


@rule(aten._foreach_add_.List, aten._foreach_mul_.Scalar, aten._foreach_add_.Scalar, aten._foreach_addcmul_.Scalar)
def foreach_in_place(*arguments: object, **options: object) -> None:
    """Nothing is allocated; on meta PyTorch would call the operator once for every tensor."""
