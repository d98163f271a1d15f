"""Dense, grouped and transposed convolution, forward and backward."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from memprof.operators.tiles import blocks, loads
from memprof.operators.work import Product
from memprof.vocabulary import Kind
from tests.operators.building import (
    channels_last,
    convolution,
    convolution_backward,
    cost,
    cost_one,
    kind,
    steps,
    tensor,
)

STEM = convolution(tensor(2, 3, 224, 224), tensor(64, 3, 7, 7), stride=(2, 2), padding=(3, 3))
BODY = convolution(tensor(2, 64, 56, 56), tensor(128, 64, 3, 3), tensor(128), padding=(1, 1))


def test_stem_of_resnet() -> None:
    work = cost_one("convolution", *STEM)
    assert work.macs == 2 * 64 * 112 * 112 * 3 * 7 * 7
    assert work.matrix_flops == 2 * work.macs
    assert work.vector_flops == 0
    assert work.dram.read_bytes == 4 * (2 * 3 * 224 * 224 + 64 * 3 * 7 * 7)
    assert work.dram.written_bytes == 4 * 2 * 64 * 112 * 112
    assert kind("convolution", *STEM) is Kind.CONVOLUTION


def test_operands_leave_l2_once_per_tile_and_shared_memory_once_per_warp() -> None:
    work, _ = cost("convolution", *BODY)
    rows, columns, depth = 2 * 56 * 56, 128, 64 * 3 * 3
    staged = 4 * (rows * depth * columns // 128 + depth * columns * rows // 256)  # 256 x 256, of 128 columns
    assert work.l2.read_bytes == staged
    assert work.l2.written_bytes == 4 * 2 * 128 * 56 * 56
    assert work.l1.read_bytes == 4 * 2 * rows * depth * columns // 128
    assert work.l1.written_bytes == staged + 4 * 2 * 128 * 56 * 56
    assert work.blocks == (2 * 56 * 56 + 127) // 128


def test_bias_is_a_second_pass_over_the_output() -> None:
    forward, bias = cost("convolution", *BODY)
    assert steps((forward, bias)) == ["forward", "bias"]
    output = 2 * 128 * 56 * 56
    assert bias.dram.read_bytes == 4 * (output + 128)
    assert bias.dram.written_bytes == 4 * output
    assert bias.l1.read_bytes == 4 * (output + output)
    assert bias.vector_flops == output


def test_a_strided_pointwise_convolution_reads_a_quarter_of_its_input() -> None:
    work = cost_one("convolution", *convolution(tensor(2, 64, 56, 56), tensor(128, 64, 1, 1), stride=(2, 2)))
    assert work.dram.read_bytes == 4 * (2 * 64 * 28 * 28 + 128 * 64)
    assert work.macs == 2 * 28 * 28 * 64 * 128


def test_groups_divide_the_work() -> None:
    inputs = convolution(tensor(2, 64, 14, 14), tensor(64, 8, 3, 3), padding=(1, 1), groups=8)
    work = cost_one("convolution", *inputs)
    assert work.macs == 2 * 14 * 14 * 64 * 8 * 9
    assert work.blocks == 8 * ((2 * 14 * 14 + 127) // 128)
    assert kind("convolution", *inputs) is Kind.CONVOLUTION


def test_half_precision_halves_the_bytes() -> None:
    single = cost_one("convolution", *convolution(tensor(2, 64, 14, 14), tensor(64, 64, 3, 3)))
    half = cost_one(
        "convolution", *convolution(tensor(2, 64, 14, 14, dtype="float16"), tensor(64, 64, 3, 3, dtype="float16"))
    )
    for level in ("dram", "l2", "l1"):
        assert getattr(single, level).total_bytes == 2 * getattr(half, level).total_bytes
    assert half.dtype == "float16"


def test_dilation_and_other_ranks() -> None:
    dilated = cost_one("convolution", *convolution(tensor(1, 4, 20, 20), tensor(8, 4, 3, 3), dilation=(2, 2)))
    assert dilated.macs == 16 * 16 * 8 * 4 * 9
    line = cost_one("convolution", tensor(2, 4, 20), tensor(8, 4, 3), None, (1,), (1,), (1,), False, (0,), 1)
    assert line.macs == 2 * 20 * 8 * 4 * 3
    geometry = ((2,) * 3, (0,) * 3, (1,) * 3, False, (0,) * 3, 1)
    volume = cost_one("convolution", tensor(2, 4, 8, 8, 8), tensor(8, 4, 2, 2, 2), None, *geometry)
    assert volume.macs == 2 * 4 * 4 * 4 * 8 * 4 * 8


def test_transposed_convolution_is_a_data_gradient() -> None:
    up = convolution(tensor(2, 32, 14, 14), tensor(32, 16, 2, 2), stride=(2, 2), transposed=True)
    work = cost_one("convolution", *up)
    assert work.macs == 2 * 14 * 14 * 32 * 16 * 2 * 2
    assert work.dram.written_bytes == 4 * 2 * 16 * 28 * 28
    down = convolution(tensor(2, 16, 28, 28), tensor(32, 16, 2, 2), stride=(2, 2))
    gradient = cost("convolution_backward", *convolution_backward(tensor(2, 32, 14, 14), down))[0]
    assert gradient.macs == work.macs
    assert gradient.dram == work.dram


def test_each_gradient_costs_one_forward() -> None:
    works = cost("convolution_backward", *convolution_backward(tensor(2, 128, 56, 56), BODY))
    assert steps(works) == ["data gradient", "weight gradient", "bias gradient"]
    macs = 2 * 56 * 56 * 128 * 64 * 9
    assert [work.macs for work in works] == [macs, macs, 0]
    data, weight, bias = works
    grad, source, parameters = 4 * 2 * 128 * 56 * 56, 4 * 2 * 64 * 56 * 56, 4 * 128 * 64 * 9
    assert (data.dram.read_bytes, data.dram.written_bytes) == (grad + parameters, source)
    assert (weight.dram.read_bytes, weight.dram.written_bytes) == (grad + source, parameters)
    assert (bias.dram.read_bytes, bias.dram.written_bytes) == (grad, 4 * 128)
    assert bias.vector_flops == 2 * 128 * 56 * 56
    assert weight.blocks is None  # a sum over 6272 positions into 128 x 576: split among blocks


def test_only_the_gradients_asked_for_are_costed() -> None:
    grad = tensor(2, 64, 112, 112)
    works = cost("convolution_backward", *convolution_backward(grad, STEM, (False, True, False)))
    assert steps(works) == ["weight gradient"]


def test_old_traces_without_arguments_are_inferred_and_say_so() -> None:
    unknown = (None,) * 6
    work = cost_one("convolution", tensor(2, 64, 14, 14), tensor(32, 8, 3, 3), None, *unknown)
    assert work.macs == 2 * 14 * 14 * 32 * 8 * 9
    assert "groups inferred" in work.assumed
    strided = cost(
        "cudnn_convolution_backward", tensor(2, 64, 28, 28), tensor(2, 32, 14, 14), tensor(32, 64, 3, 3), *unknown
    )
    assert [item.macs for item in strided] == [2 * 14 * 14 * 32 * 64 * 9] * 2
    assert all(item.assumed for item in strided)
    image = cost(
        "cudnn_convolution_backward", tensor(2, 3, 28, 28), tensor(2, 32, 14, 14), tensor(32, 3, 3, 3), *unknown
    )
    assert steps(image) == ["weight gradient"]


def test_missing_tensors_cannot_be_guessed() -> None:
    with pytest.raises(LookupError, match="position 1"):
        cost("convolution", tensor(2, 3, 8, 8), None)
    with pytest.raises(LookupError, match="cannot divide"):
        cost("convolution", tensor(2, 3, 8, 8), tensor(4, 2, 3, 3), *(None,) * 7)


def test_libraries_own_operators_agree_with_the_general_one() -> None:
    source, weight = tensor(2, 64, 28, 28), tensor(32, 64, 3, 3)
    general = cost_one("convolution", *convolution(source, weight, stride=(2, 2), padding=(1, 1)))
    cudnn = cost_one("cudnn_convolution", source, weight, (1, 1), (2, 2), (1, 1), 1, False, False, True)
    assert cudnn == general
    fused = cost_one("mkldnn_convolution", source, weight, tensor(32), (1, 1), (2, 2), (1, 1), 1)
    assert fused.macs == general.macs
    assert fused.vector_flops == 2 * 32 * 14 * 14


def test_layout_does_not_change_a_dense_convolution() -> None:
    inputs = convolution(tensor(2, 64, 28, 28), tensor(32, 64, 3, 3))
    packed = channels_last(2, 64, 28, 28), channels_last(32, 64, 3, 3)
    first, last = cost_one("convolution", *inputs), cost_one("convolution", *packed, *inputs[2:])
    assert first == replace(last, conversions=first.conversions, winograd=first.winograd)


@given(
    batch=some.integers(1, 64),
    channels=some.tuples(some.integers(1, 4), some.integers(1, 40), some.integers(1, 40)),
    size=some.integers(1, 40),
    window=some.tuples(some.integers(1, 7), some.integers(1, 4), some.integers(1, 3)),
)
@settings(max_examples=100, deadline=None)
def test_doubling_the_batch_doubles_flops_and_feature_maps(
    batch: int, channels: tuple[int, int, int], size: int, window: tuple[int, int, int]
) -> None:
    groups, width, out = channels
    taps, stride, dilation = window

    def call(images: int) -> tuple[float, float, float]:
        inputs = convolution(
            tensor(images, groups * width, size, size),
            tensor(groups * out, width, taps, taps),
            stride=(stride,) * 2,
            padding=(taps,) * 2,
            dilation=(dilation,) * 2,
            groups=groups,
        )
        work = cost_one("convolution", *inputs)
        assert work.l1.read_bytes >= work.l2.read_bytes >= work.dram.read_bytes > 0
        parameters = 4 * groups * out * width * taps * taps
        return work.flops, work.dram.read_bytes - parameters, work.dram.written_bytes

    assume(size + 2 * taps - dilation * (taps - 1) - 1 >= 0)
    once, twice = call(batch), call(2 * batch)
    assert twice == pytest.approx(tuple(2 * value for value in once), abs=1e-6)


def test_tiles_are_clipped_to_small_products() -> None:
    assert loads(Product(1, 1000, 8, 32), 128) == 1000 * 32 + 8 * 32 * 1000 / 128
    assert blocks(Product(3, 1000, 200, 32)) == 3 * 8 * 2
    assert blocks(Product(1, 64, 64, 100000)) is None
