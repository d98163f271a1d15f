"""Copies ahead of a convolution, by hand."""

from __future__ import annotations

import pytest

from memprof.calls import OperatorCall
from memprof.operators import registry
from memprof.tensors.spec import TensorSpec

ROW_MAJOR = TensorSpec((2, 8, 5, 5), (200, 25, 5, 1), "float32")
CHANNELS_LAST = TensorSpec((2, 8, 5, 5), (200, 1, 40, 8), "float32")
SLICE = TensorSpec((2, 8, 5, 5), (1600, 25, 5, 1), "float32")  # 8 of 64 channels
SLICE_LAST = TensorSpec((2, 8, 5, 5), (1600, 1, 320, 64), "float32")
WEIGHT = TensorSpec((8, 1, 3, 3), (9, 9, 3, 1), "float32")  # one channel in: packed in both formats
FULL_WEIGHT = TensorSpec((8, 8, 3, 3), (72, 9, 3, 1), "float32")
BYTES = 2 * 8 * 5 * 5 * 4


def copies(name, *inputs):
    call = OperatorCall(name, inputs)
    return [work for work in registry.find(name).formula(call) if work.step == "layout copy"]


def forward(source, weight, groups):
    return copies("aten::convolution", source, weight, None, (1, 1), (1, 1), (1, 1), False, (0, 0), groups)


@pytest.mark.parametrize("source", [ROW_MAJOR, CHANNELS_LAST])
def test_a_packed_input_is_not_copied(source):
    assert forward(source, WEIGHT, 8) == []


@pytest.mark.parametrize("source", [SLICE, SLICE_LAST])
def test_a_slice_is_copied_once_read_and_written(source):
    (copy,) = forward(source, WEIGHT, 8)
    assert (copy.dram.read_bytes, copy.dram.written_bytes, copy.flops) == (BYTES, BYTES, 0)


def test_a_weight_in_the_other_format_is_copied():
    (copy,) = forward(CHANNELS_LAST, FULL_WEIGHT, 1)
    assert copy.dram.total_bytes == 2 * 8 * 8 * 9 * 4


def test_backward_copies_a_gradient_in_the_other_format():
    arguments = (None, (1, 1), (1, 1), (1, 1), False, (0, 0), 8, (True, True, False))
    (copy,) = copies("aten::convolution_backward", ROW_MAJOR, CHANNELS_LAST, WEIGHT, *arguments)
    assert copy.dram.total_bytes == 2 * BYTES


def test_without_strides_nothing_is_assumed_to_be_copied():
    assert forward(TensorSpec((2, 8, 5, 5), None, "float32"), WEIGHT, 8) == []


def test_what_lies_below_the_copy_does_not_copy_again():
    arguments = ((1, 1), (1, 1), (1, 1), 8, False, False, True)
    assert copies("aten::cudnn_convolution", SLICE, WEIGHT, *arguments) == []
