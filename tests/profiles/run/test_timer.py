"""Timers, how often they run, and the interval of the median against coins thrown by hand."""

from __future__ import annotations

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.profiles.run.timer import FEWEST, CudaTimer, HostTimer, Plan, median_interval, timing_of
from memprof.report.run import Timing


class Scripted:
    """A timer that runs the work and says what it was told to."""

    def __init__(self, *seconds):
        self.seconds = itertools.cycle(seconds)
        self.ran = 0

    def time(self, work):
        work()
        self.ran += 1
        return next(self.seconds)


def test_the_host_timer_runs_the_work_once_and_takes_no_less_than_its_parts():
    calls = []
    whole = HostTimer().time(lambda: calls.append(HostTimer().time(lambda: sum(range(10_000)))))
    assert len(calls) == 1
    assert 0 < calls[0] <= whole


def test_the_cuda_timer_waits_for_the_device_and_gives_seconds(monkeypatch):
    torch = pytest.importorskip("torch")
    log = []

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing
            self.name = "start" if "made" not in log else "end"
            log.append("made")

        def record(self):
            log.append(f"{self.name} recorded")

        def synchronize(self):
            log.append(f"{self.name} reached")

        def elapsed_time(self, end):
            assert (self.name, end.name) == ("start", "end")
            return 2.5  # milliseconds

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: log.append("idle"))
    assert CudaTimer().time(lambda: log.append("work")) == 2.5e-3
    assert log == ["made", "made", "idle", "start recorded", "work", "end recorded", "end reached"]


def test_steps_run_until_there_are_enough_of_them_and_enough_seconds():
    plan = Plan(least=6, most=1000, seconds=3.0)
    assert plan.time(Scripted(10.0), lambda: None) == (10.0,) * 6
    assert plan.time(Scripted(0.5), lambda: None) == (0.5,) * 6
    assert len(plan.time(Scripted(0.25), lambda: None)) == 3.0 / 0.25
    assert len(plan.time(Scripted(1e-6), lambda: None)) == 1000


def test_a_number_of_repetitions_is_taken_at_its_word():
    timer = Scripted(1e-6, 100.0)
    assert len(Plan.of(0, 9).time(timer, lambda: None)) == timer.ran == 9
    assert Plan.of(5, None) == Plan(warm_up=5)
    assert Plan().least == FEWEST


@pytest.mark.parametrize(
    ("count", "rank"),
    [
        (1, 1),
        (5, 1),
        (6, 1),  # 2 x 1/64 = 3.1 % outside the whole range
        (8, 1),  # 2 x (1 + 8)/256 = 7.0 % outside the second
        (9, 2),  # 2 x (1 + 9)/512 = 3.9 %
        (11, 2),  # 2 x (1 + 11 + 55)/2048 = 6.5 % outside the third
        (12, 3),  # 2 x (1 + 12 + 66)/4096 = 3.9 %
        (100, 40),  # the textbook's ranks 40 and 61
    ],
)
def test_the_ends_of_the_interval_are_these_order_statistics(count, rank):
    seconds = list(range(1, count + 1))
    assert median_interval(seconds[::-1]) == (rank, count + 1 - rank)


def throws_that_miss(count, rank):
    """Return the share of all ways in which `count` values lie about a median for which ranks miss it."""
    missed = 0
    for below in itertools.product((0, 1), repeat=count):
        heads = sum(below)
        missed += heads < rank or heads > count - rank
    return missed / 2**count


@pytest.mark.parametrize("count", range(FEWEST, 15))
def test_the_interval_misses_the_median_in_at_most_one_of_twenty_and_no_narrower_one_does(count):
    low, high = median_interval(range(1, count + 1))
    assert low + high == count + 1
    assert throws_that_miss(count, low) <= 0.05 < throws_that_miss(count, low + 1)


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60))
def test_the_median_lies_in_its_interval_and_that_in_the_range(seconds):
    low, high = median_interval(seconds)
    assert min(seconds) <= low <= statistics.median(seconds) <= high <= max(seconds)


def test_a_timing_by_hand():
    seconds = (3.0, 1.0, 2.0, 9.0)
    assert timing_of(seconds, 4.0, 2, compiled=True) == Timing(seconds, 2.5, 1.0, 9.0, 4.0, 2, compiled=True)
