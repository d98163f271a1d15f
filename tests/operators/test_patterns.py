"""How kernels go through their data: from strides, from the kind of convolution, from dtype and layout."""

from __future__ import annotations

import pytest

from memprof.operators.traffic import pattern_of
from memprof.operators.work import Conversion, Pattern, Winograd
from memprof.tensors.spec import TensorSpec
from tests.operators.building import channels_last, convolution, convolution_backward, cost, cost_one, steps, tensor

STREAM, STRIDED, TRANSPOSED = Pattern.STREAM, Pattern.STRIDED, Pattern.TRANSPOSED
ROWS, LAST = tensor(2, 8, 5, 5), channels_last(2, 8, 5, 5)


def test_a_pattern_follows_from_the_orders_of_the_dimensions() -> None:
    assert pattern_of(set()) is STREAM
    assert pattern_of({(0, 1, 2)}) is STREAM
    assert pattern_of({(0, 1, 2), (1, 0, 2)}) is STRIDED
    assert pattern_of({(0, 1, 2), (0, 2, 1)}) is TRANSPOSED
    assert pattern_of({(), (0, 1)}) is STRIDED


@pytest.mark.parametrize(
    ("first", "second", "pattern"),
    [
        (ROWS, ROWS, STREAM),
        (LAST, LAST, STREAM),
        (ROWS, LAST, TRANSPOSED),
        (tensor(6, 4, 8), tensor(6, 4, 8, strides=(8, 48, 1)), STRIDED),
        (ROWS, tensor(8, 1, 1), STREAM),  # broadcast
        (ROWS, TensorSpec((2, 8, 5, 5), None, "float32"), STREAM),  # strides not recorded
        (tensor(2, 8, 1, 1), channels_last(2, 8, 1, 1), STREAM),  # only in name another layout
        (ROWS, tensor(2, 8, 5, 5, strides=(1600, 25, 5, 1)), STREAM),  # a slice of channels
        (ROWS, tensor(2, 8, 5, 5, strides=(0, 1, 0, 0)), STREAM),  # a channel's value, expanded
    ],
)
def test_element_wise_kernels_go_through_operands_by_their_strides(first, second, pattern) -> None:
    assert cost_one("add", first, second).pattern is pattern
    assert cost_one("mul_", first, second).pattern is pattern


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        (ROWS, STREAM),
        (LAST, TRANSPOSED),
        (tensor(2, 8, 5, 5, strides=(1600, 25, 5, 1)), STREAM),
        (tensor(2, 2, 7, 2, 7, 32, strides=(2 * 7 * 2 * 7 * 32, 7 * 2 * 7 * 32, 2 * 7 * 32, 7 * 32, 32, 1)), STREAM),
        # (B, H / 7, 7, W / 7, 7, C) as (B, H / 7, W / 7, 7, 7, C): windows, channels still innermost
        (tensor(2, 2, 2, 7, 7, 32, strides=(2 * 7 * 2 * 7 * 32, 7 * 2 * 7 * 32, 7 * 32, 2 * 7 * 32, 32, 1)), STRIDED),
        (tensor(8, 5, strides=(1, 8)), TRANSPOSED),
    ],
)
def test_making_a_tensor_row_major(source, pattern) -> None:
    assert cost_one("clone", source, 0).pattern is pattern


def test_a_copy_between_layouts_transposes() -> None:
    assert cost_one("copy_", ROWS, LAST).pattern is TRANSPOSED
    assert cost_one("copy_", LAST, LAST).pattern is STREAM


def test_rows_and_products() -> None:
    rows = cost("native_layer_norm", tensor(16, 32), (32,), tensor(32), tensor(32), 1e-5)
    assert rows[0].pattern is Pattern.STREAM
    assert (rows[0].blocks, rows[0].resident_blocks, rows[0].row_bytes) == (16, 16, 32 * 4)
    assert rows[0].instructions == 16 * (33_000 + 17_000)
    assert cost_one("_softmax", tensor(16, 1024), 1, False).pattern is Pattern.STREAM  # a warp keeps its row
    assert cost_one("_softmax", tensor(16, 1025), 1, False).pattern is Pattern.ROW
    assert cost_one("mm", tensor(16, 32), tensor(32, 8)).pattern is Pattern.MATMUL


def convolved(source, weight, *, groups=1):
    """Return the Works of forward, data gradient and weight gradient of a convolution that keeps the size."""
    side = weight.shape[-1] // 2
    inputs = convolution(source, weight, padding=(side, side), groups=groups)
    strides = source.strides[1] == 1
    make = channels_last if strides else tensor
    grad = make(source.shape[0], weight.shape[0], *source.shape[2:], dtype=source.dtype)
    works = (
        *cost("convolution", *inputs),
        *cost("convolution_backward", *convolution_backward(grad, inputs, (True, True, False))),
    )
    assert steps(works) == ["forward", "data gradient", "weight gradient"]
    return works


def weight(*shape: int, dtype: str = "float32", last: bool = False) -> TensorSpec:
    return channels_last(*shape, dtype=dtype) if last else tensor(*shape, dtype=dtype)


@pytest.mark.parametrize(
    ("channels", "kernel", "groups", "patterns"),
    [
        (64, 3, 1, [Pattern.CONVOLUTION, Pattern.CONVOLUTION, Pattern.WEIGHT_GRADIENT]),
        (64, 1, 1, [Pattern.POINTWISE, Pattern.POINTWISE, Pattern.POINTWISE_WEIGHT]),
        (64, 3, 8, [Pattern.GROUPED, Pattern.GROUPED, Pattern.GROUPED_WEIGHT]),
        (64, 1, 8, [Pattern.GROUPED, Pattern.GROUPED, Pattern.GROUPED_WEIGHT]),
        (3, 3, 1, [Pattern.FEW_CHANNELS, Pattern.FEW_CHANNELS, Pattern.WEIGHT_GRADIENT]),
    ],
)
def test_the_pattern_of_a_convolution_is_that_of_its_geometry(channels, kernel, groups, patterns) -> None:
    works = convolved(tensor(2, channels, 14, 14), tensor(64, channels // groups, kernel, kernel), groups=groups)
    assert [work.pattern for work in works] == patterns


def test_a_grouped_weight_gradient_depends_on_the_layout() -> None:
    works = convolved(channels_last(2, 64, 14, 14), channels_last(64, 8, 3, 3), groups=8)
    assert [work.pattern for work in works] == [Pattern.GROUPED, Pattern.GROUPED, Pattern.GROUPED_WEIGHT_PACKED]


@pytest.mark.parametrize(
    ("channels", "dtype", "few"),
    [(1, "float16", True), (3, "float16", True), (4, "bfloat16", True), (5, "float16", False), (3, "float32", True)],
)
def test_an_image_has_few_channels(channels, dtype, few) -> None:
    inputs = convolution(tensor(2, channels, 14, 14, dtype=dtype), tensor(32, channels, 3, 3, dtype=dtype))
    assert cost_one("convolution", *inputs).pattern is (Pattern.FEW_CHANNELS if few else Pattern.CONVOLUTION)


@pytest.mark.parametrize(("dtype", "size"), [("float16", 2), ("float32", 4)])
def test_cudnn_converts_channels_first_tensors_what_goes_in_and_what_gradients_come_out(dtype, size) -> None:
    """32 to 64 channels of 14 x 14, read and written; a block takes 32 channels by 32 positions, of weights by 9."""
    forward, data, gradient = convolved(weight(2, 32, 14, 14, dtype=dtype), weight(64, 32, 3, 3, dtype=dtype))
    source = Conversion(2 * size * 2 * 32 * 196, 2 * 1 * 7)
    grad = Conversion(2 * size * 2 * 64 * 196, 2 * 2 * 7)
    kernel = Conversion(2 * size * 64 * 32 * 9, 64 * 1 * 1)
    assert forward.conversions == (source, kernel)
    assert data.conversions == (grad, kernel, source)
    assert gradient.conversions == (source, grad)


@pytest.mark.parametrize(
    ("size", "dtype", "is_converted"),
    [
        ((14, 14), "float32", False),
        ((14, 14), "float16", True),
        ((28, 28), "float16", False),
        ((7, 7), "float32", True),
    ],
)
def test_a_1x1_convolution_runs_as_it_lies_where_planes_are_whole_vectors_of_16_bytes(size, dtype, is_converted):
    """196 positions are 49 vectors of 4 elements, but no whole number of vectors of 8; 784 are 98 of these."""
    works = convolved(weight(2, 64, *size, dtype=dtype), weight(32, 64, 1, 1, dtype=dtype))
    assert [bool(work.conversions) for work in works] == [is_converted] * 3
    assert [work.product.turned for work in works] == [not is_converted] * 3
    assert (works[0].pattern is Pattern.POINTWISE) is not is_converted
    strided = convolution(tensor(2, 64, *size, dtype=dtype), tensor(32, 64, 1, 1, dtype=dtype), stride=(2, 2))
    assert len(cost_one("convolution", *strided).conversions) == 2


def test_an_image_is_padded_to_a_vector_where_it_is_converted() -> None:
    forward = cost_one(
        "convolution", *convolution(tensor(2, 3, 8, 8, dtype="float16"), tensor(16, 3, 3, 3, dtype="float16"))
    )
    assert forward.conversions[0].moved_bytes == 2 * 64 * (3 * 2 + 16)


def test_nothing_is_converted_for_channels_last_and_depthwise_convolutions() -> None:
    last = convolved(weight(2, 32, 14, 14, last=True), weight(64, 32, 3, 3, last=True))
    depthwise = convolved(tensor(2, 64, 14, 14, dtype="float16"), tensor(64, 1, 3, 3, dtype="float16"), groups=64)
    assert [work.conversions for work in (*last, *depthwise)] == [()] * 6


def test_winograd_is_for_3x3_convolutions_of_stride_1() -> None:
    """14 x 14 outputs: 4 x 4 tiles of 4 x 4, 2 x 1 patches of 8 x 16, on each of 2 images."""
    works = convolved(tensor(2, 32, 14, 14), tensor(64, 32, 3, 3))
    assert [work.winograd for work in works] == [Winograd(2 * 16, 2 * 2)] * 3
    for kernel, groups in ((1, 1), (5, 1), (3, 8)):
        works = convolved(tensor(2, 32, 14, 14), tensor(64, 32 // groups, kernel, kernel), groups=groups)
        assert [work.winograd for work in works] == [None] * 3


def test_products_carry_their_geometry() -> None:
    forward, data, gradient = convolved(tensor(2, 64, 14, 14), tensor(32, 8, 3, 3), groups=8)
    positions = 2 * 14 * 14
    for work, m, n, k in ((forward, positions, 4, 8 * 9), (data, positions, 8, 4 * 9), (gradient, 4, 8 * 9, positions)):
        assert (work.product.batch, work.product.m, work.product.n, work.product.k) == (8, m, n, k)
    product = cost_one("bmm", tensor(3, 16, 32), tensor(3, 32, 8)).product
    assert (product.batch, product.m, product.n, product.k) == (3, 16, 8, 32)
    assert cost_one("add", ROWS, ROWS).product is None


@pytest.mark.parametrize(
    ("mode", "source", "serial"),
    [
        ("bilinear", tensor(2, 8, 4, 4), 2 * 8),
        ("bicubic", tensor(2, 8, 4, 4), 2 * 8),
        ("bilinear", channels_last(2, 8, 4, 4), 0),
        ("nearest", tensor(2, 8, 4, 4), 0),
    ],
)
def test_upsampling_threads_go_through_all_images_and_channels(mode, source, serial) -> None:
    """A thread per output pixel loads from each of 2 images x 8 channels, unless there is a thread per element."""
    tail = (None, None) if mode == "nearest" else (False, None, None)
    work = cost_one(f"upsample_{mode}2d", source, (8, 8), *tail)
    assert work.serial_steps == serial
    assert work.blocks == (1 if serial else 2 * 8 * 64 // 512)  # of 1,024 threads for the 64 pixels, or of 512 outputs
    backward = cost_one(f"upsample_{mode}2d_backward", tensor(2, 8, 8, 8), (8, 8), (2, 8, 4, 4), *tail)
    assert backward.serial_steps == 0


@pytest.mark.parametrize(
    ("source", "kernel", "pattern"),
    [
        (tensor(2, 8, 5, 5, strides=(1600, 25, 5, 1)), tensor(8, 1, 3, 3), STREAM),
        (tensor(2, 8, 5, 5, strides=(1600, 1, 320, 64)), tensor(8, 1, 3, 3), STREAM),
        (ROWS, channels_last(8, 8, 3, 3), TRANSPOSED),
    ],
)
def test_a_copy_ahead_of_a_convolution_streams_a_slice_and_transposes_another_layout(source, kernel, pattern) -> None:
    copy = cost("convolution", *convolution(source, kernel, groups=8 // kernel.shape[1]))[0]
    assert (copy.step, copy.pattern) == ("layout copy", pattern)


@pytest.mark.parametrize(
    ("source", "turns"),
    [
        (tensor(20, 12, 9, 9), 3 * 3),  # 20 images for 8 warps, planes of 81 for 32 threads
        (tensor(8, 12, 4, 8), 1),
        (channels_last(20, 12, 9, 9), 0),  # cuDNN's kernel, which nobody has seen
    ],
)
def test_the_depthwise_weight_gradient_waits_in_each_turn_of_its_loop(source, turns) -> None:
    _, data, gradient = convolved(source, tensor(12, 1, 3, 3), groups=12)
    assert (data.serial_steps, gradient.serial_steps) == (0, turns)


def test_strided_data_gradients_go_through_every_phase_on_cuda_cores() -> None:
    """Of stride 2, four phases: of a 1x1 kernel each has its one tap, of 3x3 two by two of nine."""
    for kernel, expected in ((1, 4.0), (3, 4 * 4 / 9)):
        inputs = convolution(
            tensor(2, 32, 14, 14), tensor(64, 32, kernel, kernel), stride=(2, 2), padding=(kernel // 2,) * 2
        )
        works = cost("convolution_backward", *convolution_backward(tensor(2, 64, 7, 7), inputs, (True, True, False)))
        assert [work.padding for work in works] == [pytest.approx(expected), 1]
