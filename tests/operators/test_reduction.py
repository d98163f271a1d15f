"""Reductions, softmax and losses."""

from __future__ import annotations

import pytest

from memprof.vocabulary import Kind
from tests.operators.building import cost, cost_one, kind, steps, tensor

IMAGE = tensor(2, 64, 7, 7)
COUNT = 2 * 64 * 7 * 7


def test_mean_over_the_plane() -> None:
    work = cost_one("mean", IMAGE, (-1, -2), True, None)
    assert work.vector_flops == COUNT
    assert (work.dram.read_bytes, work.dram.written_bytes) == (4 * COUNT, 4 * 2 * 64)
    assert kind("mean", IMAGE, (-1, -2), True, None) is Kind.REDUCTION


def test_everything_is_reduced_where_no_dimension_is_named() -> None:
    for inputs in ((IMAGE,), (IMAGE, None), (IMAGE, (), False, None)):
        assert cost_one("sum", *inputs).dram.written_bytes == 4


def test_result_dtypes() -> None:
    mask = tensor(8, 8, dtype="bool")
    assert cost_one("sum", mask, (1,), False, None).dram.written_bytes == 8 * 8
    assert cost_one("sum", tensor(8, 8, dtype="float16"), (1,), False, 6).dram.written_bytes == 8 * 4
    assert cost_one("sum", tensor(8, 8, dtype="float16"), 6).dram.written_bytes == 4
    assert cost_one("any", mask, (1,), False).dram.written_bytes == 8
    assert cost_one("argmax", tensor(8, 8), 1, False).dram.written_bytes == 8 * 8
    assert cost_one("max", tensor(8, 8), 1, False).dram.written_bytes == 8 * (4 + 8)
    assert cost_one("prod", tensor(8, 8), 1, False, None).dram.written_bytes == 8 * 4


def test_max_of_two_tensors_is_element_wise() -> None:
    assert cost_one("max", IMAGE, IMAGE).dram.read_bytes == 4 * 2 * COUNT


def test_variance_and_norm() -> None:
    both = cost_one("var_mean", IMAGE, (1, 2, 3), None, False)
    assert (both.vector_flops, both.dram.written_bytes) == (5 * COUNT, 4 * 2 * 2)
    assert cost_one("var", IMAGE, True).dram.written_bytes == 4
    norm = cost_one("linalg_vector_norm", IMAGE, 2, (1,), True, None)
    assert (norm.vector_flops, norm.dram.written_bytes) == (2 * COUNT, 4 * 2 * 7 * 7)


def test_selecting_reads_dram_once_and_the_caches_per_digit() -> None:
    work = cost_one("topk", tensor(16, 1000), 5, -1, True, True)
    assert work.dram.read_bytes == 4 * 16 * 1000
    assert work.dram.written_bytes == 16 * 5 * (4 + 8)
    assert work.l1.read_bytes == 17 * work.dram.read_bytes  # 16 digits of 2 bits, and the final pass
    assert cost_one("sort", tensor(16, 1000)).launches == 4


def test_short_rows_stay_in_registers() -> None:
    work = cost_one("_softmax", tensor(2, 3, 49, 49), -1, False)
    count = 2 * 3 * 49 * 49
    assert work.vector_flops == 5 * count
    assert work.dram == work.l2 == work.l1
    assert work.dram.total_bytes == 4 * 2 * count
    assert work.blocks == (2 * 3 * 49 + 7) // 8


def test_long_rows_are_read_from_dram_once_and_from_cache_three_times() -> None:
    work = cost_one("_log_softmax", tensor(16, 5000), 1, False)
    assert work.dram.read_bytes == work.l2.read_bytes == 4 * 16 * 5000
    assert work.l1.read_bytes == 3 * 4 * 16 * 5000
    assert work.blocks == 16


def test_columns_are_read_three_times_through_l2() -> None:
    work = cost_one("_softmax", tensor(8, 100, 64), 1, False)
    assert work.l2.read_bytes == 3 * work.dram.read_bytes


def test_softmax_of_half_into_single_and_of_a_transposed_input() -> None:
    half = cost_one("_softmax", tensor(4, 64, dtype="float16"), 1, True)
    assert (half.dram.read_bytes, half.dram.written_bytes) == (2 * 256, 4 * 256)
    assert steps(cost("_softmax", tensor(4, 64, strides=(1, 4)), 1, False)) == ["layout copy", "forward"]


def test_softmax_backward() -> None:
    work = cost_one("_softmax_backward_data", tensor(4, 64), tensor(4, 64), 1, 6)
    assert (work.vector_flops, work.dram.read_bytes, work.dram.written_bytes) == (4 * 256, 4 * 2 * 256, 4 * 256)


def test_losses() -> None:
    scores, target = tensor(128, 1000), tensor(128, dtype="int64")
    forward = cost_one("nll_loss_forward", scores, target, None, 1, -100)
    assert forward.dram.read_bytes == 128 * (8 + 4)
    zero, scatter = cost("nll_loss_backward", tensor(), scores, target, None, 1, -100, tensor())
    assert zero.dram.written_bytes == 4 * 128 * 1000
    assert scatter.dram.written_bytes == 4 * 128
    assert steps(cost("mse_loss", scores, scores, 1)) == ["forward", "reduction"]
    assert steps(cost("mse_loss", scores, scores, 0)) == ["forward"]


@pytest.mark.parametrize("name", ["sum", "amax", "var", "argmax", "_softmax"])
def test_doubling_the_rows_doubles_the_work(name: str) -> None:
    dims = 1 if name in ("argmax", "_softmax") else (1,)
    once, twice = (cost_one(name, tensor(rows, 48), dims, False) for rows in (32, 64))
    assert twice.flops == 2 * once.flops
    assert twice.dram.total_bytes == 2 * once.dram.total_bytes


def test_a_histogram_reads_everything_and_writes_its_bins() -> None:
    zeroed, counted = cost("histc", tensor(1000), 10, 0, 1)
    assert zeroed.dram.written_bytes == counted.dram.written_bytes == 4 * 10
    assert counted.dram.read_bytes == 4 * 1000


def test_a_masked_scatter_counts_through_the_mask_first() -> None:
    flags = tensor(16, 1, dtype="bool")
    scan, scatter = cost("masked_scatter_", tensor(16, 32), flags, tensor(6, 32))
    assert (scan.dram.read_bytes, scan.dram.written_bytes) == (512, 512 * 8)
    assert scatter.dram.read_bytes == 512 * 4 + 512 + 512 * 8 + 6 * 32 * 4
    assert len(cost("masked_scatter", tensor(16, 32), flags, tensor(6, 32))) == 3
