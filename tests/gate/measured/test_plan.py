"""How a measurement is made: as many rounds as there is time for, and always an even number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.gate.measured.plan import Plan


@pytest.mark.parametrize(("step", "steps"), [(0.0001, 5), (0.002, 3), (0.005, 1), (2.0, 1)])
def test_a_turn_holds_one_to_five_steps(step: float, steps: int):
    assert Plan(turn_seconds=0.006).steps(step) == steps


def test_rounds_fill_a_placement():
    # Turns of 3 steps of 2 ms: a round takes 2 * 3 * 0.002 = 0.012 s, and 0.15 / 0.012 = 12.5, evenly 12.
    assert Plan(turn_seconds=0.006, placement_seconds=0.15).rounds(0.002) == 12
    assert Plan(least_rounds=4).rounds(10.0) == 4
    assert Plan(most_rounds=24).rounds(1e-5) == 24


@given(st.floats(1e-6, 100))
def test_each_side_comes_first_as_often_as_the_other(step: float):
    plan = Plan()
    assert plan.rounds(step) % 2 == 0
    assert plan.least_rounds <= plan.rounds(step) <= plan.most_rounds


def test_the_environment_names_the_allocator_and_the_threads():
    assert Plan(threads=3, allocator={"MALLOC_MMAP_MAX_": "0"}).environment() == {
        "MALLOC_MMAP_MAX_": "0",
        "OMP_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
    }
