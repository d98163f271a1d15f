"""Pooling and resampling."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from memprof.vocabulary import Kind
from tests.operators.building import cost, cost_one, kind, steps, tensor

STEM = tensor(2, 64, 112, 112)
OUTPUTS = 2 * 64 * 56 * 56


def test_max_pool_of_resnet() -> None:
    work = cost_one("max_pool2d_with_indices", STEM, (3, 3), (2, 2), (1, 1), (1, 1), False)
    assert work.vector_flops == 9 * OUTPUTS
    assert work.dram.read_bytes == 4 * 2 * 64 * 112 * 112
    assert work.dram.written_bytes == (4 + 8) * OUTPUTS
    assert work.l1.read_bytes == 4 * 9 * OUTPUTS
    assert kind("max_pool2d_with_indices", STEM, (3, 3)) is Kind.POOLING


def test_max_pool_backward_zeroes_first() -> None:
    inputs = (tensor(2, 64, 56, 56), STEM, (3, 3), (2, 2), (1, 1), (1, 1), False, tensor(2, 64, 56, 56, dtype="int64"))
    zero, data = cost("max_pool2d_with_indices_backward", *inputs)
    assert zero.dram.written_bytes == data.dram.written_bytes == 4 * 2 * 64 * 112 * 112
    assert data.dram.read_bytes == (4 + 8) * OUTPUTS


def test_a_window_of_one_number_and_a_stride_left_out() -> None:
    work = cost_one("avg_pool2d", STEM, (2,), (), (0,), False, True, None)
    assert work.dram.written_bytes == 4 * OUTPUTS
    assert work.vector_flops == 4 * OUTPUTS


def test_what_no_window_covers_is_not_read() -> None:
    assert cost_one("avg_pool2d", STEM, (1, 1), (2, 2)).dram.read_bytes == 4 * OUTPUTS


def test_old_traces_infer_the_window_from_the_gradient() -> None:
    unknown = (None,) * 6
    forward = cost_one("max_pool2d_with_indices", STEM, *unknown)
    assert forward.dram.written_bytes == (4 + 8) * OUTPUTS
    assert "assumed" in forward.assumed
    backward = cost("max_pool2d_with_indices_backward", tensor(2, 64, 28, 28), STEM, *unknown)[1]
    assert backward.l1.read_bytes == 16 * (4 + 8) * 2 * 64 * 28 * 28


def test_adaptive_pooling_counts_as_fvcore_does() -> None:
    work = cost_one("_adaptive_avg_pool2d", STEM, (7, 7))
    assert work.vector_flops == 2 * 64 * 112 * 112
    assert work.dram.written_bytes == 4 * 2 * 64 * 7 * 7
    assert steps(cost("_adaptive_avg_pool2d_backward", tensor(2, 64, 7, 7), STEM)) == ["data gradient"]


def test_resampling_counts_as_fvcore_does() -> None:
    source = tensor(1, 8, 14, 14)
    nearest = cost_one("upsample_nearest2d", source, (28, 28), None)
    assert nearest.vector_flops == 8 * 28 * 28
    bilinear = cost_one("upsample_bilinear2d", source, None, False, (2.0, 2.0))
    assert bilinear.vector_flops == 4 * 8 * 28 * 28
    assert bilinear.l1.read_bytes == 4 * 4 * 8 * 28 * 28
    assert bilinear.dram.read_bytes == 4 * 8 * 14 * 14
    grad = tensor(1, 8, 28, 28)
    backward = cost_one("upsample_bilinear2d_backward", grad, (28, 28), (1, 8, 14, 14), False, None, None)
    assert backward.dram.written_bytes == 4 * 8 * 14 * 14
    assert cost_one("grid_sampler_2d", source, tensor(1, 7, 7, 2), 0, 0, False).vector_flops == 4 * 8 * 7 * 7


def test_sizes_that_were_not_recorded_cannot_be_guessed() -> None:
    source = tensor(1, 8, 14, 14)
    with pytest.raises(LookupError, match="size"):
        cost("upsample_nearest2d", source, None, None)
    with pytest.raises(LookupError, match="size"):
        cost("upsample_nearest2d_backward", source, None, None)
    with pytest.raises(LookupError, match="window"):
        cost("im2col", source, None, None, None, None)


def test_windows_as_columns() -> None:
    work = cost_one("im2col", tensor(1, 8, 14, 14), (3, 3), (1, 1), (1, 1), (1, 1))
    assert work.dram.read_bytes == 4 * 8 * 14 * 14
    assert work.dram.written_bytes == 4 * 8 * 9 * 14 * 14
    back = cost_one("col2im", tensor(1, 72, 196), (14, 14), (3, 3), (1, 1), (1, 1), (1, 1))
    assert back.dram.written_bytes == 4 * 8 * 14 * 14


@given(
    size=some.integers(1, 30),
    window=some.tuples(some.integers(1, 5), some.integers(1, 4), some.integers(0, 2), some.integers(1, 2)),
    up=some.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_output_sizes_are_torchs(size: int, window: tuple[int, int, int, int], up: bool) -> None:
    kernel, stride, padding, dilation = window
    assume(padding <= kernel // 2 and size + 2 * padding - dilation * (kernel - 1) - 1 >= 0)
    real = torch.nn.functional.max_pool2d(torch.zeros(1, 1, size, size), kernel, stride, padding, dilation, up)
    inputs = (tensor(1, 1, size, size), (kernel,), (stride,), (padding,), (dilation,), up)
    assert cost_one("max_pool2d_with_indices", *inputs).dram.written_bytes == 12 * real.numel()


def test_the_gradient_of_max_pooling_searches_the_windows_over_each_input_element() -> None:
    """3 x 3 of stride 2: 2.25 windows an element, 450 instructions; of stride 1, 9 windows, four times as many."""
    source = tensor(2, 8, 16, 16)
    for stride, out, instructions in ((2, 8, 450), (1, 16, 450 * 4)):
        tail = ((3, 3), (stride, stride), (1, 1), (1, 1), False, tensor(2, 8, out, out, dtype="int64"))
        kernel = cost("max_pool2d_with_indices_backward", tensor(2, 8, out, out), source, *tail)[1]
        assert kernel.instructions == instructions * 2 * 8 * 16 * 16
