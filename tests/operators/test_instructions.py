"""Instructions of element-wise kernels by how their operands lie, by hand."""

from __future__ import annotations

import pytest

from memprof.operators import instructions
from memprof.tensors.spec import TensorSpec
from tests.operators.building import channels_last, cost_one, tensor

IMAGE = (2, 8, 4, 4)
COUNT = 2 * 8 * 4 * 4


@pytest.mark.parametrize(
    ("operands", "each"),
    [
        ((tensor(*IMAGE), tensor(*IMAGE)), 20),
        ((channels_last(*IMAGE), channels_last(*IMAGE)), 20),
        ((tensor(*IMAGE), tensor()), 20),  # a number
        ((tensor(*IMAGE), channels_last(*IMAGE)), 85),
        ((tensor(*IMAGE), tensor(2, 8, 1, 1)), 85),  # broadcast
        ((TensorSpec(IMAGE, (256, 16, 4, 1), "float32"),), 85),  # a slice of the channels
        ((tensor(*IMAGE), tensor(*IMAGE, dtype="float16")), 90),  # converted
        ((tensor(*IMAGE), tensor(*IMAGE, dtype="bool")), 20),  # a mask is no conversion
    ],
)
def test_the_kernel_follows_from_how_operands_lie(operands: tuple[TensorSpec, ...], each: int) -> None:
    assert instructions.elementwise(operands, COUNT) == each * COUNT
    assert instructions.elementwise(operands, COUNT, flops=3) == (each + 5 * 3) * COUNT


def test_operators_say_what_they_issue() -> None:
    assert cost_one("gelu", tensor(*IMAGE), "none").instructions == (20 + 5 * 5) * COUNT
    assert cost_one("relu", tensor(*IMAGE)).instructions == (20 + 5) * COUNT
    assert cost_one("mul", channels_last(*IMAGE), tensor(2, 8, 1, 1)).instructions == (85 + 5) * COUNT
    assert cost_one("copy_", tensor(*IMAGE), tensor(*IMAGE, dtype="float16")).instructions == 90 * COUNT
    assert cost_one("clone", channels_last(*IMAGE), 0).instructions == 85 * COUNT


def test_a_reduction_issues_for_each_thread_and_element() -> None:
    """A mean of 16 positions along rows: 16 threads each; over 8 channels: a thread for each of 32 results."""
    along = cost_one("mean", tensor(*IMAGE), (2, 3), False)
    across = cost_one("mean", tensor(*IMAGE), (1,), False)
    assert along.instructions == 13 * COUNT + 240 * 16 * 16
    assert across.instructions == 13 * COUNT + 240 * 32
    long = cost_one("mean", tensor(4, 4096), (1,), False)
    assert long.instructions == 13 * 4 * 4096 + 240 * 4 * 32


def test_in_place_operators_write_over_what_they_read() -> None:
    assert cost_one("relu_", tensor(*IMAGE)).in_place_bytes == 4 * COUNT
    assert cost_one("relu", tensor(*IMAGE)).in_place_bytes == 0
