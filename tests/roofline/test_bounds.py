"""The roofline's arithmetic, by hand and as laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.report.record import DeviceCeilings
from memprof.roofline.bounds import attainable_flops_per_second, bound_seconds, ridge_point

TOY = DeviceCeilings(
    "toy", "Toy", {"dram": 100.0, "l2": 400.0, "l1": 1000.0}, {"tensor": 8000.0, "fp32": 1000.0, "fp16": 2000.0}
)
AMOUNTS = st.integers(0, 10**15)
DEMANDS = st.fixed_dictionaries(dict.fromkeys(("dram", "l2", "l1"), AMOUNTS))
WORK = st.fixed_dictionaries(dict.fromkeys(("tensor", "fp32", "fp16"), AMOUNTS))


def test_a_pointwise_convolution_by_hand():
    """A 1x1 convolution of 64 to 128 channels on 10 pixels in float32, every byte once at every level."""
    macs = 10 * 64 * 128
    moved = 4 * (10 * 64 + 64 * 128 + 10 * 128)
    bounds = bound_seconds({"dram": [moved], "l2": [moved], "l1": [moved]}, {"tensor": [2 * macs]}, TOY)
    assert dict(zip(bounds.names, bounds.seconds[:, 0], strict=True)) == {
        "dram": moved / 100,
        "l2": moved / 400,
        "l1": moved / 1000,
        "tensor": 2 * macs / 8000,
    }
    assert bounds.least[0] == moved / 100 == 404.48
    assert bounds.bound(0) == "dram"


def test_each_ceiling_can_bind():
    amounts = {"dram": [200, 1, 1, 1, 1, 1], "l2": [1, 800, 1, 1, 1, 1], "l1": [1, 1, 2000, 1, 1, 1]}
    flops = {"tensor": [1, 1, 1, 16000, 1, 1], "fp32": [1, 1, 1, 1, 2000, 1], "fp16": [1, 1, 1, 1, 1, 4000]}
    bounds = bound_seconds(amounts, flops, TOY)
    assert [bounds.bound(index) for index in range(6)] == ["dram", "l2", "l1", "tensor", "fp32", "fp16"]
    assert bounds.least.tolist() == [2.0] * 6


def test_nothing_takes_no_time():
    assert bound_seconds({"dram": [0]}, {"fp32": [0]}, TOY).least.tolist() == [0.0]


def test_a_ceiling_without_a_figure_bounds_nothing():
    bare = DeviceCeilings("bare", "Bare", {"dram": 100.0}, {"fp32": 1000.0})
    bounds = bound_seconds({"dram": [100], "l2": [1e9], "l1": [1e9]}, {"tensor": [1e9], "fp32": [10]}, bare)
    assert bounds.names == ("dram", "fp32")
    assert bounds.least[0] == 1.0


def test_the_ridge_is_where_both_roofs_meet():
    ridge = ridge_point(100.0, 8000.0)
    assert ridge == 80.0
    assert attainable_flops_per_second([40.0, 80.0, 160.0], 100.0, 8000.0).tolist() == [4000.0, 8000.0, 8000.0]


@given(st.floats(0, 1e6), st.floats(1, 1e13), st.floats(1, 1e16))
def test_no_roof_is_exceeded(intensity, bandwidth, peak):
    attainable = float(attainable_flops_per_second(intensity, bandwidth, peak))
    assert attainable <= peak
    assert attainable <= intensity * bandwidth
    assert attainable in (peak, intensity * bandwidth)


@given(DEMANDS, WORK)
def test_the_least_time_is_no_less_than_any_ceilings_and_equals_one(traffic, flops):
    bounds = bound_seconds({k: [v] for k, v in traffic.items()}, {k: [v] for k, v in flops.items()}, TOY)
    each = [traffic[name] / rate for name, rate in TOY.memory_bytes_per_second.items()]
    each += [flops[name] / rate for name, rate in TOY.peak_flops_per_second.items()]
    assert float(bounds.least[0]) == max(each)
    assert bounds.seconds[bounds.binding[0], 0] == bounds.least[0]


@given(DEMANDS, WORK)
def test_twice_the_work_takes_twice_the_time_and_binds_alike(traffic, flops):
    once = bound_seconds({k: [v] for k, v in traffic.items()}, {k: [v] for k, v in flops.items()}, TOY)
    twice = bound_seconds({k: [2 * v] for k, v in traffic.items()}, {k: [2 * v] for k, v in flops.items()}, TOY)
    assert float(twice.least[0]) == 2 * float(once.least[0])
    assert twice.bound(0) == once.bound(0)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=20))
def test_an_array_is_as_many_single_calls(items):
    traffic, flops = {"dram": [d for d, _ in items]}, {"fp32": [f for _, f in items]}
    whole = bound_seconds(traffic, flops, TOY)
    singles = [bound_seconds({"dram": [d]}, {"fp32": [f]}, TOY) for d, f in items]
    assert whole.least.tolist() == [float(single.least[0]) for single in singles]
    assert [whole.bound(i) for i in range(len(items))] == [single.bound(0) for single in singles]


def test_a_large_sweep_is_one_call():
    many = np.linspace(0, 1e12, 1_000_000)
    assert bound_seconds({"dram": many}, {"fp32": many[::-1]}, TOY).least.shape == (1_000_000,)


@pytest.mark.parametrize("faster", ["dram", "l2", "l1"])
def test_a_faster_memory_never_costs_time(faster):
    speeds = {**TOY.memory_bytes_per_second, faster: 2 * TOY.memory_bytes_per_second[faster]}
    better = DeviceCeilings("better", "Better", speeds, TOY.peak_flops_per_second)
    traffic, flops = {"dram": [300.0], "l2": [1500.0], "l1": [3000.0]}, {"fp32": [2000.0]}
    assert bound_seconds(traffic, flops, better).least[0] <= bound_seconds(traffic, flops, TOY).least[0]
