"""Tiles and waves, by hand: on SMs of 1,000 multiply-adds a second that fetch what they like, unless said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.roofline.tiling import CORE_TILES, TENSOR_TILES, Demands, Machine, tiled_seconds

ONE = ((128, 128, 1.0),)
MACS = 1000.0


def seconds(
    *products,
    sms=1,
    tiles=ONE,
    prologue=0.0,
    splits=False,
    l2=np.inf,
    dram=np.inf,
    launch=0.0,
    multicast=1.0,
    busy=0.0,
):
    sizes = np.array(products, dtype=float).T
    count = len(products)
    demands = Demands(sizes, np.full(count, 2.0), np.full(count, 2 * MACS * sms), np.full(count, prologue))
    machine = Machine(sms, l2, dram, launch, multicast)
    return tiled_seconds(demands, machine, tiles, splits=splits, busy_outputs=busy)


@pytest.mark.parametrize("product", [(1, 128, 128, 64), (3, 128, 128, 32), (1, 256, 384, 32)])
def test_whole_tiles_cost_their_arithmetic(product):
    assert seconds(product)[0] == pytest.approx(np.prod(product, dtype=float) / MACS)


def test_a_tile_at_the_edge_costs_as_much_as_a_whole_one_and_depth_comes_in_steps_of_32():
    assert seconds((1, 129, 128, 32))[0] == seconds((1, 256, 128, 32))[0]
    assert seconds((1, 128, 128, 33))[0] == seconds((1, 128, 128, 64))[0]


@pytest.mark.parametrize(("blocks", "waves"), [(1, 1), (4, 1), (5, 2), (24, 6), (25, 25 / 4)])
def test_the_last_wave_costs_a_whole_one_until_there_are_many(blocks, waves):
    one = seconds((1, 128, 128, 32), sms=4)[0]
    assert seconds((blocks, 128, 128, 32), sms=4)[0] == pytest.approx(waves * one)


def test_the_prologue_is_worth_some_depth():
    assert seconds((1, 128, 128, 64), prologue=16.0)[0] == pytest.approx(128 * 128 * (64 + 16) / MACS)


def test_a_tile_fetches_a_row_and_a_column_for_each_element_of_depth():
    """(128 + 128) x 2 bytes at 10 bytes a second take 51.2 s; the 16,384 multiply-adds of a step 16.4."""
    assert seconds((1, 128, 128, 32), l2=10.0)[0] == pytest.approx(32 * 51.2)
    assert seconds((1, 128, 128, 32), l2=10.0, multicast=2.0)[0] == pytest.approx(32 * (128 + 64) * 2 / 10)


def test_the_tile_that_costs_least_is_taken_either_way_round():
    tiles = ((256, 64, 1.0), (64, 64, 0.5))
    assert seconds((1, 64, 256, 32), tiles=tiles)[0] == pytest.approx(64 * 256 * 32 / MACS)
    assert seconds((1, 64, 64, 32), tiles=tiles)[0] == pytest.approx(64 * 64 * 32 / MACS / 0.5)


def test_a_block_too_small_to_keep_an_sm_busy_takes_as_long_as_what_would():
    """128 x 32 results where 128 x 64 keep an SM busy: one block takes as long as two, and two no longer than that."""
    tiles = ((128, 32, 1.0),)
    one, two = (seconds((1, 128, 32 * count, 32), tiles=tiles, busy=128 * 64)[0] for count in (1, 2))
    assert one == two == pytest.approx(2 * 128 * 32 * 32 / MACS)


def test_a_deep_product_is_split_among_idle_sms_and_its_parts_are_summed():
    """Four parts of 256: a quarter of the time, then 4 x 128 x 128 x 4 bytes written, read again, and a launch."""
    deep = (1, 128, 128, 1024)
    whole = seconds(deep, sms=4)[0]
    assert seconds(deep, sms=4, splits=True)[0] == pytest.approx(whole / 4)
    summing = 4 * 128 * 128 * 4 * 2 / 1e6 + 5
    assert seconds(deep, sms=4, splits=True, dram=1e6, launch=5.0)[0] == pytest.approx(whole / 4 + summing)
    assert seconds(deep, sms=4, splits=True, dram=1.0)[0] == pytest.approx(whole)  # not worth it
    assert seconds((1, 128, 128, 480), sms=4, splits=True)[0] == seconds((1, 128, 128, 480), sms=4)[0]


PRODUCTS = st.tuples(st.integers(1, 300), st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 5000))
TILES = st.sampled_from((TENSOR_TILES, CORE_TILES))
SMS = st.integers(1, 200)


@given(PRODUCTS, TILES, SMS, st.floats(0, 500), st.booleans())
def test_no_product_is_faster_than_its_arithmetic(product, tiles, sms, prologue, splits):
    least = np.prod(product, dtype=float) / (MACS * sms)
    assert least * 0.999999 <= seconds(product, sms=sms, tiles=tiles, prologue=prologue, splits=splits)[0] < np.inf


@given(PRODUCTS, TILES, SMS)
def test_a_transposed_product_costs_the_same(product, tiles, sms):
    batch, m, n, k = product
    assert seconds(product, sms=sms, tiles=tiles)[0] == seconds((batch, n, m, k), sms=sms, tiles=tiles)[0]


@given(PRODUCTS, TILES, SMS, st.floats(1, 1e9), st.floats(1, 10))
def test_slower_fetching_never_saves_time(product, tiles, sms, l2, factor):
    fast, slow = (seconds(product, sms=sms, tiles=tiles, l2=rate)[0] for rate in (l2 * factor, l2))
    assert slow >= fast * 0.999999


@given(st.lists(PRODUCTS, min_size=1, max_size=5), SMS)
def test_an_array_is_as_many_single_products(products, sms):
    together = seconds(*products, sms=sms, tiles=TENSOR_TILES, splits=True)
    alone = [seconds(product, sms=sms, tiles=TENSOR_TILES, splits=True)[0] for product in products]
    assert together.tolist() == alone
