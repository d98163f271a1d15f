"""Arguments for the operators that have a shape rule: a function that draws them, for each operator with a CPU twin.

Sizes are small and the layouts many. Where CPU and CUDA lay results out differently by design, only those layouts are
drawn in which they agree: a batch norm's input is row-major, channels-last or a slice of channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st

from tests.profiles.layouts import Draw, filled, image, stored

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Sample = Callable[[Draw], Arguments]

aten = torch.ops.aten
SIZE = st.integers(1, 4)
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
NUMBERS = (*FLOATS, torch.int64, torch.int32, torch.uint8)


def shapes(draw: Draw, least: int = 0, most: int = 5) -> list[int]:
    return draw(st.lists(SIZE, min_size=least, max_size=most))


def unary(*dtypes: torch.dtype) -> Sample:
    def sample(draw: Draw) -> Arguments:
        dtype = draw(st.sampled_from(dtypes))
        # A CPU kernel that makes floats of integers converts them first, which packs them; a CUDA kernel as it reads.
        kept = dtype in FLOATS or torch.bool not in dtypes
        return (stored(draw, shapes(draw), dtype, gaps=kept, spread=kept),), {}

    return sample


def binary(draw: Draw) -> Arguments:
    shape = shapes(draw)
    left, right = ([size if draw(st.integers(0, 3)) else 1 for size in shape] for _ in range(2))
    right = right[draw(st.integers(0, len(right))) :]
    dtypes = [draw(st.sampled_from(NUMBERS)) for _ in range(2)]
    # A CPU kernel converts an operand of another type first, which packs it; a CUDA kernel converts as it reads.
    alike = dtypes[0] == dtypes[1]
    return tuple(
        stored(draw, own, dtype, gaps=alike, spread=alike) for own, dtype in zip((left, right), dtypes, strict=True)
    ), {}


def with_number(draw: Draw) -> Arguments:
    number, dtype = draw(st.sampled_from([2, 2.5])), draw(st.sampled_from(NUMBERS))
    same = dtype.is_floating_point or number == 2
    return (stored(draw, shapes(draw), dtype, gaps=same, spread=same), number), {}


def in_place(draw: Draw) -> Arguments:
    shape = shapes(draw)
    right = [size if draw(st.booleans()) else 1 for size in shape][draw(st.integers(0, len(shape))) :]
    dtype = draw(st.sampled_from(FLOATS))
    return (stored(draw, shape, dtype), stored(draw, right, draw(st.sampled_from(NUMBERS)))), {}


def convolution(draw: Draw) -> Arguments:
    groups, per_group = draw(st.sampled_from([(1, 1), (1, 4), (4, 1), (2, 3)]))
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 5), (4, 2)]))
    transposed = draw(st.booleans())
    stride, dilation = [draw(st.integers(1, 2))], [draw(st.integers(1, 2))]
    padding = [draw(st.integers(0, kernel[dim] // 2)) for dim in range(2)]
    extra = [draw(st.integers(0, stride[0] - 1))] if transposed else [0]
    outputs = groups * draw(st.integers(1, 3))
    first, second = (groups * per_group, outputs // groups) if transposed else (outputs, per_group)
    weight = filled([first, second, *kernel])
    if draw(st.booleans()):
        weight = weight.to(memory_format=torch.channels_last)
    bias = filled([outputs]) if draw(st.booleans()) else None
    pixels = [draw(st.integers(9, 12)) for _ in range(2)]
    images = image(draw, [draw(SIZE), groups * per_group, *pixels])
    return (images, weight, bias, stride, padding, dilation, transposed, extra, groups), {}


def convolution_backward(draw: Draw) -> Arguments:
    (images, weight, bias, *settings), _ = convolution(draw)
    output = aten.convolution(images, weight, bias, *settings)
    wanted = [draw(st.booleans()), True, bias is not None]
    sizes = None if bias is None else list(bias.shape)
    return (torch.ones_like(output), images, weight, sizes, *settings, wanted), {}


def batch_norm(draw: Draw) -> Arguments:
    channels = draw(SIZE)
    pixels = shapes(draw, 0, 0) if draw(st.integers(0, 4)) == 0 else [draw(SIZE), draw(SIZE)]
    training, dtype = draw(st.booleans()), draw(st.sampled_from([torch.float32, torch.float64]))
    affine = [filled([channels], dtype) if draw(st.booleans()) else None] * 2
    running = [None] * 2 if training and draw(st.booleans()) else [filled([channels], dtype) for _ in range(2)]
    return (
        image(draw, [draw(st.integers(2, 4)), channels, *pixels], dtype),
        *affine,
        *running,
        training,
        0.1,
        1e-5,
    ), {}


def batch_norm_backward(draw: Draw) -> Arguments:
    (images, weight, _, mean, variance, training, _, epsilon), _ = batch_norm(draw)
    output, *saved = aten.native_batch_norm(images, weight, None, mean, variance, training, 0.1, epsilon)
    wanted = [draw(st.booleans()), weight is not None, weight is not None]
    return (torch.ones_like(output), images, weight, mean, variance, *saved, training, epsilon, wanted), {}


def layer_norm(draw: Draw) -> Arguments:
    shape = shapes(draw, 1, 4)
    normalized = shape[draw(st.integers(0, len(shape) - 1)) :]
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    affine = [filled(normalized, dtype) if draw(st.booleans()) else None] * 2
    return (stored(draw, shape, dtype), normalized, *affine, 1e-6), {}


def layer_norm_backward(draw: Draw) -> Arguments:
    (images, normalized, weight, bias, epsilon), _ = layer_norm(draw)
    output, *saved = aten.native_layer_norm(images, normalized, weight, bias, epsilon)
    wanted = [draw(st.booleans()), weight is not None, weight is not None]
    return (torch.ones_like(output), images, normalized, *saved, weight, bias, wanted), {}


def cat(draw: Draw) -> Arguments:
    shape = shapes(draw, 1, 5)
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    tensors = []
    for _ in range(draw(st.integers(1, 3))):
        shape = list(shape)
        shape[dim] = draw(SIZE)
        tensors.append(stored(draw, shape, draw(st.sampled_from([torch.float32, torch.float32, torch.float16]))))
    if draw(st.integers(0, 4)) == 0:
        tensors.insert(0, torch.empty(0))
    return (tensors, dim), {}


def reduction(*dtypes: torch.dtype) -> Sample:
    def sample(draw: Draw) -> Arguments:
        shape = shapes(draw)
        dims = draw(st.lists(st.integers(0, len(shape) - 1), unique=True)) if shape else []
        dims = [dim - len(shape) if draw(st.booleans()) else dim for dim in dims]
        given = {"dtype": torch.float64} if draw(st.integers(0, 3)) == 0 else {}
        tensor = stored(draw, shape, draw(st.sampled_from(dtypes)), spread=True)
        return (tensor, dims or draw(st.sampled_from([None, []])), draw(st.booleans())), given

    return sample


def sum_all(draw: Draw) -> Arguments:
    given = {"dtype": torch.float64} if draw(st.integers(0, 3)) == 0 else {}
    return (stored(draw, shapes(draw), draw(st.sampled_from(NUMBERS))),), given


def product(*leading: int, bias: bool = False) -> Sample:
    def sample(draw: Draw) -> Arguments:
        m, k, n = (draw(SIZE) for _ in range(3))
        dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
        matrices = stored(draw, [*leading, m, k], dtype), stored(draw, [*leading, k, n], dtype)
        added = stored(draw, [*leading, m, n] if leading else draw(st.sampled_from([[n], [m, n], [1, n]])), dtype)
        return ((added,) if bias else ()) + matrices, {}

    return sample


def grouped_product(draw: Draw) -> Arguments:
    m, k, n = (4 * draw(SIZE) for _ in range(3))
    ends = torch.tensor([2, m], dtype=torch.int32)
    if draw(st.booleans()):  # rows shared out among weights
        return (torch.rand(m, k), torch.rand(2, k, n)), {"offs": ends}
    return (torch.rand(k, m), torch.rand(m, n)), {"offs": ends}  # their gradient


def softmax(draw: Draw) -> Arguments:
    shape = shapes(draw, 1, 4)
    dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
    return (stored(draw, shape, dtype), draw(st.integers(-len(shape), len(shape) - 1)), False), {}


def softmax_backward(draw: Draw) -> Arguments:
    (tensor, dim, _), _ = softmax(draw)
    return (stored(draw, tensor.shape, tensor.dtype), tensor, dim, tensor.dtype), {}


def loss(draw: Draw) -> Arguments:
    classes, images = draw(SIZE), draw(st.sampled_from([[], [1], [3]]))
    weight = filled([classes]) if draw(st.booleans()) else None
    scores = filled([*images, classes])
    return (scores, torch.zeros(images, dtype=torch.int64), weight, draw(st.integers(0, 2)), -100), {}


def loss_backward(draw: Draw) -> Arguments:
    (scores, target, weight, reduction_, ignored), _ = loss(draw)
    value, total = aten.nll_loss_forward(scores, target, weight, reduction_, ignored)
    return (torch.ones_like(value), scores, target, weight, reduction_, ignored, total), {}


def max_pool(draw: Draw) -> Arguments:
    kernel = draw(st.sampled_from([[2], [3], [3, 2]]))
    stride = draw(st.sampled_from([[], [1], [2], [3, 1]]))
    padding, dilation, ceil = [draw(st.integers(0, 1))], [draw(st.integers(1, 2))], draw(st.booleans())
    pixels = [draw(st.integers(7, 12)) for _ in range(2)]
    images = image(draw, [draw(SIZE), draw(SIZE), *pixels]) if draw(st.integers(0, 4)) else filled([3, *pixels])
    return (images, kernel, stride, padding, dilation, ceil), {}


def max_pool_backward(draw: Draw) -> Arguments:
    (images, *settings), _ = max_pool(draw)
    output, indices = aten.max_pool2d_with_indices(images, *settings)
    return (torch.ones_like(output), images, *settings, indices), {}


def activation_backward(*parameters: object) -> Sample:
    def sample(draw: Draw) -> Arguments:
        shape, dtype = shapes(draw), draw(st.sampled_from(FLOATS))
        return (stored(draw, shape, dtype, spread=True), stored(draw, shape, dtype), *parameters), {}

    return sample


def made_like(draw: Draw) -> Arguments:
    shape = shapes(draw)
    formats = [None, torch.preserve_format, torch.contiguous_format]
    formats += {4: [torch.channels_last], 5: [torch.channels_last_3d]}.get(len(shape), [])
    given = {"memory_format": draw(st.sampled_from(formats)), "dtype": draw(st.sampled_from([None, torch.float16]))}
    return (stored(draw, shape, spread=True),), given


def new_zeros(draw: Draw) -> Arguments:
    given = {"dtype": torch.int32} if draw(st.booleans()) else {}
    return (stored(draw, shapes(draw)), shapes(draw)), given


def drawn(*first: int) -> Sample:
    def sample(draw: Draw) -> Arguments:
        given = {"dtype": torch.float64} if draw(st.booleans()) else {}
        return (*first, shapes(draw)), given

    return sample


REAL_ONLY = ("gelu", "silu", "hardswish", "hardsigmoid", "leaky_relu", "elu", "mish")
ANY_NUMBER = ("relu", "hardtanh", "neg")
MADE_FLOAT = ("sigmoid", "tanh", "exp", "sqrt", "rsqrt")

SAMPLES: dict[Any, Sample] = {
    **{getattr(aten, name).default: unary(*FLOATS) for name in REAL_ONLY},
    **{getattr(aten, name).default: unary(*FLOATS, torch.int64, torch.int32) for name in ANY_NUMBER},
    **{getattr(aten, name).default: unary(*NUMBERS, torch.bool, torch.complex64) for name in MADE_FLOAT},
    **{getattr(aten, name).Tensor: binary for name in ("add", "sub", "mul", "div")},
    **{getattr(aten, name).Scalar: with_number for name in ("add", "sub", "mul", "div")},
    **{getattr(aten, name).Tensor: in_place for name in ("add_", "sub_", "mul_", "div_")},
    aten.convolution.default: convolution,
    aten.convolution_backward.default: convolution_backward,
    aten.native_batch_norm.default: batch_norm,
    aten.native_batch_norm_backward.default: batch_norm_backward,
    aten.native_layer_norm.default: layer_norm,
    aten.native_layer_norm_backward.default: layer_norm_backward,
    aten.cat.default: cat,
    aten.mean.dim: reduction(*FLOATS),
    aten.sum.dim_IntList: reduction(*NUMBERS, torch.bool),
    aten.sum.default: sum_all,
    aten.mm.default: product(),
    aten.addmm.default: product(bias=True),
    aten.bmm.default: product(3),
    aten.baddbmm.default: product(3, bias=True),
    aten._grouped_mm.default: grouped_product,
    aten._softmax.default: softmax,
    aten._log_softmax.default: softmax,
    aten._softmax_backward_data.default: softmax_backward,
    aten._log_softmax_backward_data.default: softmax_backward,
    aten.nll_loss_forward.default: loss,
    aten.nll_loss_backward.default: loss_backward,
    aten.max_pool2d_with_indices.default: max_pool,
    aten.max_pool2d_with_indices_backward.default: max_pool_backward,
    aten.empty_like.default: made_like,
    aten.ones_like.default: made_like,
    aten.zeros_like.default: made_like,
    aten.new_zeros.default: new_zeros,
    aten.rand.default: drawn(),
    aten.randn.default: drawn(),
    aten.randint.default: drawn(9),
    aten.randint.low: drawn(2, 9),
    aten.threshold_backward.default: activation_backward(0),
    aten.hardtanh_backward.default: activation_backward(-1.0, 1.0),
    **{
        getattr(aten, f"{name}_backward").default: activation_backward()
        for name in ("gelu", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh")
    },
}

FLASH = aten._scaled_dot_product_flash_attention.default
FLASH_BACKWARD = aten._scaled_dot_product_flash_attention_backward.default
EFFICIENT = aten._scaled_dot_product_efficient_attention.default
EFFICIENT_BACKWARD = aten._scaled_dot_product_efficient_attention_backward.default
FOREACH = (aten._foreach_add_.List, aten._foreach_mul_.Scalar, aten._foreach_add_.Scalar, aten._foreach_addcmul_.Scalar)
RECURRENT = {aten._cudnn_rnn.default, aten._cudnn_rnn_backward.default}
NO_CPU_TWIN = {FLASH, FLASH_BACKWARD, EFFICIENT, EFFICIENT_BACKWARD, *FOREACH, *RECURRENT}
"""Kernels of attention and recurrent layers exist on CUDA only; foreach operators run one by one on the CPU."""
SEQUENCE_LOSS = {aten._ctc_loss.Tensor, aten._ctc_loss_backward.Tensor}
"""The lengths of the targets, which are data, decide a size of theirs: full ones are held against the CPU."""
