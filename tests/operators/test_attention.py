"""Fused attention, forward and backward."""

from __future__ import annotations

import pytest

from memprof.vocabulary import Kind
from tests.operators.building import cost, cost_one, kind, steps, tensor

HALF = tensor(2, 6, 256, 64, dtype="float16")


def test_forward_never_writes_the_scores() -> None:
    work = cost_one("scaled_dot_product_attention", HALF, HALF, HALF, None, 0.0, False)
    heads, rows, features = 2 * 6, 256, 64
    assert work.macs == 2 * heads * rows * rows * features
    assert work.matrix_flops == 4 * heads * rows * rows * features
    assert work.vector_flops == 5 * heads * rows * rows
    assert work.dram.read_bytes == 3 * 2 * heads * rows * features
    assert work.dram.written_bytes == 2 * heads * rows * features + 4 * heads * rows
    assert work.l2.read_bytes == 2 * heads * rows * features * (1 + 2 * 2)  # 2 blocks of 128 queries read K and V
    assert work.blocks == heads * 2
    assert kind("scaled_dot_product_attention", HALF, HALF, HALF) is Kind.ATTENTION


def test_a_bias_is_read_once_per_score() -> None:
    plain = cost_one("_scaled_dot_product_efficient_attention", HALF, HALF, HALF, None, True, 0.0, False)
    bias = tensor(2, 6, 256, 256, dtype="float16", strides=(0, 256 * 256, 256, 1))
    biased = cost_one("_scaled_dot_product_efficient_attention", HALF, HALF, HALF, bias, True, 0.0, False)
    assert biased.dram.read_bytes - plain.dram.read_bytes == 2 * 6 * 256 * 256
    assert biased.l2.read_bytes - plain.l2.read_bytes == 2 * 2 * 6 * 256 * 256


def test_causal_attention_skips_what_it_masks() -> None:
    work = cost_one("_scaled_dot_product_flash_attention", HALF, HALF, HALF, 0.0, True)
    kept = 256 * 257 // 2
    assert work.macs == 2 * 12 * kept * 64
    longer = tensor(2, 6, 300, 64, dtype="float16")
    crossed = cost_one("scaled_dot_product_attention", HALF, longer, longer, None, 0.0, True)
    assert crossed.macs == 2 * 12 * kept * 64


def test_cross_attention_with_other_value_features() -> None:
    query, key, value = tensor(1, 4, 100, 32), tensor(1, 4, 50, 32), tensor(1, 4, 50, 16)
    work = cost_one("scaled_dot_product_attention", query, key, value)
    assert work.macs == 4 * 100 * 50 * (32 + 16)
    assert work.dram.written_bytes == 4 * 4 * 100 * 16 + 4 * 4 * 100


def test_backward_does_five_products_for_two() -> None:
    rows = tensor(2, 6, 256)
    works = cost("_scaled_dot_product_flash_attention_backward", *(HALF,) * 5, rows, None, None, 256, 256)
    assert steps(works) == ["row sums", "backward", "convert"]
    forward = cost_one("_scaled_dot_product_flash_attention", HALF, HALF, HALF, 0.0, False)
    assert works[1].matrix_flops == 2.5 * forward.matrix_flops
    size = 12 * 256 * 64
    assert works[1].dram.read_bytes == 4 * 2 * size + 2 * 4 * 12 * 256  # Q, K, V, dO, log-sum-exp, row sums
    assert works[1].dram.written_bytes == 4 * size + 2 * 2 * size  # dQ in fp32, dK, dV
    assert (works[2].dram.read_bytes, works[2].dram.written_bytes) == (4 * size, 2 * size)


def test_heads_may_lie_behind_the_tokens() -> None:
    tokens_first = tensor(2, 256, 6, 64, dtype="float16")
    flash = cost_one("_flash_attention_forward", *(tokens_first,) * 3, None, None, 256, 256, 0.0, False, False)
    assert flash == cost_one("_scaled_dot_product_flash_attention", HALF, HALF, HALF, 0.0, False)


def test_packed_sequences_cannot_be_costed() -> None:
    packed = tensor(500, 6, 64, dtype="float16")
    with pytest.raises(LookupError, match="packed"):
        cost("_flash_attention_forward", packed, packed, packed, None, None, 256, 256, 0.0, False, False)


def test_levels_nest_for_one_query() -> None:
    query, cache = tensor(1, 8, 1, 64), tensor(1, 8, 1000, 64)
    work = cost_one("scaled_dot_product_attention", query, cache, cache)
    assert work.l1.read_bytes >= work.l2.read_bytes >= work.dram.read_bytes


def test_fused_kernels_compute_whole_tiles() -> None:
    """7 queries as 64, 49 keys as 64, heads of 16 features as 32; whole tiles are not padded."""
    small, large = (tensor(2, 4, *size, dtype="float16") for size in ((7, 16), (128, 64)))
    keys = tensor(2, 4, 49, 16, dtype="float16")
    assert cost_one("scaled_dot_product_attention", small, keys, keys).padding == (64 * 64 * 32) / (7 * 49 * 16)
    assert cost_one("scaled_dot_product_attention", large, large, large).padding == 1
