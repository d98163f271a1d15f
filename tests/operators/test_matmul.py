"""Matrix products."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from memprof.operators.work import Pattern
from memprof.vocabulary import Kind
from tests.operators.building import cost, cost_one, kind, steps, tensor


def test_mm() -> None:
    work = cost_one("mm", tensor(256, 512), tensor(512, 384))
    assert work.macs == 256 * 512 * 384
    assert work.matrix_flops == 2 * 256 * 512 * 384
    assert work.dram.read_bytes == 4 * (256 * 512 + 512 * 384)
    assert work.dram.written_bytes == 4 * 256 * 384
    assert work.l2.read_bytes == 4 * (256 * 512 * 1.5 + 512 * 384)  # tiles of 256 x 256
    assert work.l1.read_bytes == 4 * (256 * 512 * 3 + 512 * 384 * 2)  # 128 x 128 for a warp group
    assert work.blocks == 2 * 3
    assert kind("mm", tensor(256, 512), tensor(512, 384)) is Kind.MATMUL


def test_a_transposed_operand_is_read_as_it_is() -> None:
    plain = cost_one("mm", tensor(256, 512), tensor(512, 384))
    turned = cost_one("mm", tensor(256, 512), tensor(512, 384, strides=(1, 512)))
    assert turned == plain


@pytest.mark.parametrize(
    ("columns", "dtype", "pattern"),
    [
        (32, "float16", Pattern.MATMUL),
        (34, "float16", Pattern.MATMUL),
        (33, "float16", Pattern.UNALIGNED),
        (33, "float32", Pattern.MATMUL),
    ],
)
def test_rows_of_an_odd_number_of_16_bit_elements_are_not_aligned(columns, dtype, pattern) -> None:
    assert cost_one("mm", tensor(16, 32, dtype=dtype), tensor(32, columns, dtype=dtype)).pattern is pattern
    assert cost_one("mm", tensor(16, columns, dtype=dtype), tensor(columns, 32, dtype=dtype)).pattern is pattern


def test_a_bias_vector_joins_in_the_epilogue() -> None:
    work = cost_one("addmm", tensor(384), tensor(256, 512), tensor(512, 384), 1, 1)
    assert work.macs == 256 * 512 * 384
    assert work.vector_flops == 256 * 384
    assert work.dram.read_bytes == 4 * (256 * 512 + 512 * 384 + 384)


def test_a_matrix_is_copied_to_the_output_first() -> None:
    copy, product = cost("addmm", tensor(256, 384), tensor(256, 512), tensor(512, 384), 1, 1)
    assert copy.step == "copy"
    assert copy.dram.total_bytes == 2 * 4 * 256 * 384
    assert product.dram.read_bytes == 4 * (256 * 512 + 512 * 384 + 256 * 384)
    assert steps(cost("addmm_", tensor(256, 384), tensor(256, 512), tensor(512, 384), 1, 1)) == ["forward"]


def test_batched_products() -> None:
    work = cost_one("bmm", tensor(12, 49, 32, dtype="float16"), tensor(12, 32, 49, dtype="float16"))
    assert work.macs == 12 * 49 * 32 * 49
    assert work.dram.read_bytes == 2 * 12 * (49 * 32 + 32 * 49)
    assert work.dram.written_bytes == 2 * 12 * 49 * 49
    assert work.blocks == 12
    shared = cost_one("bmm", tensor(12, 49, 32), tensor(12, 32, 49, strides=(0, 49, 1)))
    assert shared.dram.read_bytes == 4 * (12 * 49 * 32 + 32 * 49)


def test_baddbmm_with_beta_zero_does_not_read_what_it_overwrites() -> None:
    left, right, added = tensor(3, 16, 32), tensor(3, 32, 8), tensor(3, 16, 8)
    assert steps(cost("baddbmm", added, left, right, 1, 1)) == ["copy", "forward"]
    assert cost("baddbmm", added, left, right, 0, 1) == cost("bmm", left, right)


def test_vectors() -> None:
    assert cost_one("mv", tensor(64, 32), tensor(32)).macs == 64 * 32
    assert cost_one("dot", tensor(32), tensor(32)).macs == 32
    assert [work.macs for work in cost("addmv", tensor(64), tensor(64, 32), tensor(32))] == [0, 64 * 32]


def test_eight_bit_operands_and_a_wider_result() -> None:
    work = cost_one("_int_mm", tensor(32, 64, dtype="int8"), tensor(64, 16, dtype="int8"))
    assert work.dram.read_bytes == 32 * 64 + 64 * 16
    assert work.dram.written_bytes == 4 * 32 * 16


def test_an_activation_in_the_epilogue() -> None:
    plain = cost_one("addmm", tensor(8), tensor(16, 32), tensor(32, 8))
    relu = cost_one("_addmm_activation", tensor(8), tensor(16, 32), tensor(32, 8), 1, 1, False)
    assert relu.vector_flops == plain.vector_flops + 16 * 8
    assert relu.dram == plain.dram


SIZES = some.integers(1, 2000)


@given(rows=SIZES, depth=SIZES, columns=SIZES, dtype=some.sampled_from(["float32", "bfloat16"]))
@settings(max_examples=100, deadline=None)
def test_levels_nest_and_rows_scale(rows: int, depth: int, columns: int, dtype: str) -> None:
    right = tensor(depth, columns, dtype=dtype)
    once = cost_one("mm", tensor(rows, depth, dtype=dtype), right)
    twice = cost_one("mm", tensor(2 * rows, depth, dtype=dtype), right)
    assert twice.flops == 2 * once.flops
    assert twice.dram.written_bytes == 2 * once.dram.written_bytes
    assert once.l1.read_bytes >= once.l2.read_bytes >= once.dram.read_bytes > 0
    assert once.l1.written_bytes >= once.l2.written_bytes >= once.dram.written_bytes > 0
