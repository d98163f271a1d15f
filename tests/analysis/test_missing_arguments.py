"""Strides and paddings that old profiles lack, inferred from the shapes of what follows."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memprof.analysis.missing_arguments import INFERRED, complete
from memprof.calls import OperatorCall
from memprof.operators.convolution_shapes import read
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Phase
from tests.operators.building import tensor

NOTHING = (None,) * 6


def convolution(source: TensorSpec, weight: TensorSpec, name: str = "aten::cudnn_convolution") -> OperatorCall:
    return OperatorCall(name, (source, weight, *NOTHING))


def followed_by(*shapes: tuple[int, ...], phase: Phase = Phase.FORWARD) -> list[OperatorCall]:
    return [OperatorCall("aten::cudnn_batch_norm", (tensor(*shape),), phase=phase) for shape in shapes]


@pytest.mark.parametrize(
    ("side", "taps", "result", "stride", "padding"),
    [
        (224, 7, 112, 2, 3),  # ResNet's stem
        (56, 1, 28, 2, 0),  # its shortcut
        (56, 3, 28, 2, 1),
        (56, 3, 56, 1, 1),
        (224, 4, 56, 4, 0),  # ConvNeXt's stem: (224 + 2 - 4) // 4 + 1 is 56 too, but the padding is then 1
        (224, 16, 14, 16, 0),  # ViT's patches
        (8, 3, 6, 1, 0),
    ],
)
def test_the_output_tells_stride_and_padding(side, taps, result, stride, padding):
    call = convolution(tensor(2, 8, side, side), tensor(16, 8, taps, taps))
    found, _ = complete([call, *followed_by((2, 16, result, result))])
    geometry = read(found)
    assert geometry.output_shape == (2, 16, result, result)
    assert geometry.stride == (stride, stride)
    if (side, taps) != (224, 4) and taps != 16:
        assert geometry.padding == (padding, padding)
    assert found.inferred == INFERRED
    assert geometry.assumed == ""


@given(
    side=st.integers(8, 64),
    taps=st.integers(1, 7),
    stride=st.sampled_from([1, 2, 4]),
    same=st.booleans(),
    general=st.booleans(),
)
def test_the_inferred_geometry_gives_the_output_that_was_recorded(side, taps, stride, same, general):
    result = (side + 2 * (((taps - 1) // 2) if same else 0) - taps) // stride + 1
    assume(result > 0)
    name = "aten::convolution" if general else "aten::cudnn_convolution"
    call = convolution(tensor(3, 4, side, side), tensor(6, 4, taps, taps), name)
    found, _ = complete([call, *followed_by((3, 6, result, result))])
    assert read(found).output_shape == (3, 6, result, result)


def test_what_was_recorded_stays():
    inputs = (tensor(2, 8, 56, 56), tensor(16, 8, 3, 3), None, (1, 1), (1, 1), (1, 1), False, (0, 0), 1)
    call = OperatorCall("aten::convolution", inputs)
    assert complete([call, *followed_by((2, 16, 28, 28))])[0] is call


@pytest.mark.parametrize(
    "after",
    [
        followed_by((2, 99, 28, 28)),
        followed_by((2, 16, 28, 28), phase=Phase.BACKWARD),
        followed_by(*[(1, 1, 1, 1)] * 6, (2, 16, 28, 28)),
        followed_by((2, 16, 55, 13)),
        [],
    ],
)
def test_where_nothing_tells_nothing_is_inferred(after):
    call = convolution(tensor(2, 8, 56, 56), tensor(16, 8, 3, 3))
    (found, *_) = complete([call, *after])
    assert found is call
    assert read(found).assumed


def test_other_calls_are_left_alone():
    others = (*followed_by((2, 3)), OperatorCall("aten::mm", (tensor(2, 3), tensor(3, 4))))
    assert complete(others) == others


def test_a_convolution_without_recorded_tensors_is_left_alone():
    call = OperatorCall("aten::convolution", (None, None, None))
    assert complete([call])[0] is call
