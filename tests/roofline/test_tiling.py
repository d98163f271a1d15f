"""Tiles and waves, counted by hand: blocks x rows x columns x depth of what runs, over what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.roofline.tiling import inflation

SIDES = st.integers(1, 5000)
PRODUCTS = st.tuples(st.integers(1, 300), SIDES, SIDES, SIDES)


def inflate(batch, m, n, k, *, tensor=True, sms=1.0, prologue=0.0, split=False):
    """Return the inflation of one product."""
    sizes = np.array([[batch], [m], [n], [k]], dtype=float)
    (factor,) = inflation(sizes, np.array([tensor]), sms, np.array([float(prologue)]), np.array([split]))
    return factor


@pytest.mark.parametrize("shape", [(1, 256, 128, 32), (1, 128, 256, 64), (4, 512, 256, 96)])
def test_a_product_of_whole_tiles_costs_its_arithmetic(shape):
    assert inflate(*shape) == 1.0


def test_a_smaller_tile_is_slower_but_wastes_less():
    """64 x 64: the tile of that size at 0.72 of the speed beats a quarter of a 128 x 128 one."""
    assert inflate(1, 64, 64, 32) == 1 / 0.72


def test_an_edge_tile_costs_as_much_as_a_full_one():
    """65 x 32 on CUDA cores: a tile of 128 x 32, two of 64 x 32 or three of 32 x 32, each at its speed."""
    rows = min(128 / 0.85, 2 * 64 / 0.75, 3 * 32 / 0.6)
    assert inflate(1, 65, 32, 32, tensor=False) == pytest.approx(rows / 65)


def test_depth_is_padded_to_steps_of_32():
    assert inflate(1, 256, 128, 33) == 64 / 33


def test_the_prologue_is_worth_some_depth():
    assert inflate(1, 256, 128, 32, prologue=16) == (32 + 16) / 32


@pytest.mark.parametrize(
    ("blocks", "sms", "expected"),
    [
        (3, 2, 4 / 3),  # two waves with room for four blocks
        (5, 4, 8 / 5),
        (11, 2, 12 / 11),  # five and a half waves
        (12, 2, 1.0),
        (13, 2, 1.0),  # beyond six waves the gaps are filled
    ],
)
def test_the_last_wave_costs_a_whole_one(blocks, sms, expected):
    """A batch of 128 x 128 products in float32, for which cuBLAS knows one tile."""
    assert inflate(blocks, 128, 128, 32, tensor=False, sms=sms) == pytest.approx(expected)


def test_on_tensor_cores_a_deep_product_is_split_among_idle_sms():
    """One tile of depth 1024 on four SMs: four parts of 256, all SMs busy; a depth of 512 makes only two."""
    assert inflate(1, 128, 128, 1024, sms=4) == pytest.approx(1 / 0.97)
    halves = 4 * 128 * 128 * 256 / (128 * 128 * 512) / 0.97  # two parts, two SMs idle
    quarters = 4 * 64 * 64 * 512 / (128 * 128 * 512) / 0.72  # four smaller tiles, none split
    pairs = 4 * 128 * 64 * 256 / (128 * 128 * 512) / 0.88  # two tiles in two parts each
    assert inflate(1, 128, 128, 512, sms=4) == pytest.approx(min(halves, quarters, pairs))


def test_on_cuda_cores_nothing_is_split():
    """Two 128 x 128 tiles on four SMs leave two of them idle; a single product takes smaller tiles instead."""
    assert inflate(2, 128, 128, 1024, tensor=False, sms=4) == 2.0
    assert inflate(1, 128, 128, 1024, tensor=False, sms=4) == pytest.approx(1 / 0.85)  # four tiles of 64 x 64


def test_on_cuda_cores_a_weight_gradient_is_split():
    """64 x 64 with a depth of 2048 on 8 SMs: eight parts of 256, one tile of 64 x 64 each."""
    assert inflate(1, 64, 64, 2048, tensor=False, sms=8, split=True) == pytest.approx(1 / 0.85)
    assert inflate(1, 64, 64, 2048, tensor=False, sms=8) == pytest.approx(2 / 0.6)  # four tiles of 32 x 32 on eight SMs


def test_what_is_no_product_is_not_inflated():
    sizes = np.array([[0.0, 1.0], [0.0, 64.0], [0.0, 64.0], [0.0, 32.0]])
    factors = inflation(sizes, np.array([True, True]), 1.0, np.array([100.0, 0.0]), np.array([False, False]))
    assert factors.tolist() == [1.0, 1 / 0.72]


@given(PRODUCTS, st.booleans(), st.integers(1, 200), st.floats(0, 100))
def test_no_product_costs_less_than_its_arithmetic_and_none_costs_infinitely(product, tensor, sms, prologue):
    assert 1.0 <= inflate(*product, tensor=tensor, sms=sms, prologue=prologue) < np.inf


@given(PRODUCTS, st.booleans(), st.integers(1, 200))
def test_a_transposed_product_costs_the_same(product, tensor, sms):
    batch, m, n, k = product
    assert inflate(batch, m, n, k, tensor=tensor, sms=sms) == inflate(batch, n, m, k, tensor=tensor, sms=sms)


@given(PRODUCTS, st.booleans(), st.integers(1, 200), st.floats(0, 50), st.floats(0, 50))
def test_a_longer_prologue_never_saves_time(product, tensor, sms, first, more):
    without = inflate(*product, tensor=tensor, sms=sms, prologue=first)
    assert inflate(*product, tensor=tensor, sms=sms, prologue=first + more) >= without


@given(st.lists(st.tuples(PRODUCTS, st.booleans()), min_size=1, max_size=8), st.integers(1, 200))
def test_an_array_is_as_many_single_products(items, sms):
    sizes = np.array([product for product, _ in items], dtype=float).T
    none = np.zeros(len(items))
    whole = inflation(sizes, np.array([tensor for _, tensor in items]), sms, none, none > 0)
    assert whole.tolist() == [inflate(*product, tensor=tensor, sms=sms) for product, tensor in items]
