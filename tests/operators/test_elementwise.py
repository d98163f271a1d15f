"""Element-wise operators: one pass, broadcast operands, dtypes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from memprof.operators.pointwise_flops import TABLE
from memprof.vocabulary import Kind, Phase
from tests.operators.building import cost_one, kind, tensor

IMAGE = tensor(2, 64, 56, 56)
COUNT = 2 * 64 * 56 * 56


def test_adding_two_tensors() -> None:
    work = cost_one("add", IMAGE, IMAGE, 1)
    assert work.vector_flops == COUNT
    assert work.dram.read_bytes == work.l2.read_bytes == work.l1.read_bytes == 4 * 2 * COUNT
    assert work.dram.written_bytes == 4 * COUNT
    assert work.blocks == -(-COUNT // 1024)
    assert kind("add", IMAGE, IMAGE) is Kind.ELEMENTWISE
    assert kind("add_", IMAGE, IMAGE, phase=Phase.OPTIMIZER) is Kind.OPTIMIZER


def test_alpha_is_a_multiplication() -> None:
    assert cost_one("add_", IMAGE, IMAGE, -0.1).vector_flops == 2 * COUNT
    assert cost_one("sub", IMAGE, IMAGE, 2).vector_flops == 2 * COUNT


def test_a_broadcast_operand_comes_from_dram_once_and_from_l1_again_and_again() -> None:
    work = cost_one("mul", IMAGE, tensor(64, 1, 1))
    assert work.dram.read_bytes == work.l2.read_bytes == 4 * (COUNT + 64)
    assert work.l1.read_bytes == 4 * 2 * COUNT
    expanded = cost_one("mul", IMAGE, tensor(2, 64, 56, 56, strides=(0, 1, 0, 0)))
    assert expanded.dram == work.dram


def test_a_number_costs_nothing_to_read() -> None:
    assert cost_one("mul", IMAGE, 0.5).dram.read_bytes == 4 * COUNT
    wrapped = cost_one("mul", IMAGE, tensor(dtype="float64"))
    assert wrapped.dram.read_bytes == 4 * COUNT + 8
    assert wrapped.dram.written_bytes == 4 * COUNT


def test_dtypes_promote() -> None:
    half = tensor(8, 8, dtype="float16")
    work = cost_one("add", half, tensor(8, 8))
    assert (work.dtype, work.dram.read_bytes, work.dram.written_bytes) == ("float32", 64 * 6, 64 * 4)
    assert cost_one("mul", half, 2.0).dtype == "float16"
    assert cost_one("mul", tensor(8, 8, dtype="int64"), 0.5).dram.written_bytes == 64 * 4
    assert cost_one("gt", half, 0).dram.written_bytes == 64
    assert cost_one("where", tensor(8, 8, dtype="bool"), half, tensor()).dram.written_bytes == 64 * 2
    assert cost_one("add", half, tensor(8, 8, dtype="bfloat16")).dtype == "float32"


def test_integer_arithmetic_is_no_flop() -> None:
    counter = tensor(dtype="int64")
    work = cost_one("add_", counter, counter, 1)
    assert work.vector_flops == 0
    assert (work.dram.read_bytes, work.dram.written_bytes) == (16, 8)


def test_an_output_argument_is_written_and_not_read() -> None:
    work = cost_one("mul", IMAGE, IMAGE, IMAGE)
    assert work.dram.read_bytes == 4 * 2 * COUNT
    assert work.dram.written_bytes == 4 * COUNT


def test_activations() -> None:
    assert cost_one("gelu", IMAGE, None).vector_flops == 5 * COUNT
    assert cost_one("gelu", IMAGE, "tanh").vector_flops == 9 * COUNT
    assert cost_one("silu", IMAGE).vector_flops == 4 * COUNT
    backward = cost_one("gelu_backward", IMAGE, IMAGE, None)
    assert backward.vector_flops == 11 * COUNT
    assert backward.dram.read_bytes == 4 * 2 * COUNT
    relu = cost_one("threshold_backward", IMAGE, IMAGE, 0)
    assert (relu.vector_flops, relu.dram.total_bytes) == (COUNT, 4 * 3 * COUNT)


def test_halves_and_masks() -> None:
    glu = cost_one("glu", tensor(4, 32), 1)
    assert (glu.dram.read_bytes, glu.dram.written_bytes, glu.vector_flops) == (4 * 128, 4 * 64, 5 * 64)
    dropout = cost_one("native_dropout", IMAGE, 0.1, True)
    assert dropout.dram.written_bytes == 5 * COUNT
    backward = cost_one("native_dropout_backward", IMAGE, tensor(2, 64, 56, 56, dtype="bool"), 1.1)
    assert (backward.dram.read_bytes, backward.dram.written_bytes) == (5 * COUNT, 4 * COUNT)


def test_filling_only_writes() -> None:
    for name in ("zero_", "fill_", "normal_"):
        work = cost_one(name, IMAGE)
        assert (work.dram.read_bytes, work.dram.written_bytes, work.flops) == (0, 4 * COUNT, 0)


def test_a_call_without_tensors_cannot_be_costed() -> None:
    with pytest.raises(LookupError, match="no tensor"):
        cost_one("add", 1, 2)


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.names.split()[0])
def test_every_entry_says_why(entry: object) -> None:
    assert getattr(entry, "why", "")


@given(some.lists(some.integers(1, 12), min_size=1, max_size=5), some.data())
@settings(max_examples=100, deadline=None)
def test_broadcasting_like_torch(shape: list[int], data: some.DataObject) -> None:
    other = [data.draw(some.sampled_from([1, size])) for size in shape][data.draw(some.integers(0, len(shape))) :]
    once = cost_one("add", tensor(*shape), tensor(*other), 1)
    twice = cost_one("add", tensor(2 * shape[0], *shape[1:]), tensor(*shape), 1) if shape[0] == 1 else None
    total = 1
    for size in shape:
        total *= size
    assert once.vector_flops == total
    assert once.dram.written_bytes == 4 * total
    assert once.l1.read_bytes >= once.l2.read_bytes >= once.dram.read_bytes
    if twice is not None:
        assert twice.vector_flops == 2 * total
