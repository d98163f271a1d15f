"""Other programs' share of the cores, from a /proc/stat made by hand."""

from __future__ import annotations

import os

import pytest

from memprof.profiles.run import crowd
from memprof.profiles.run.crowd import Crowd

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets: seconds that passed, and seconds that this process computed."""
    now = {"perf_counter": 0.0, "process_time": 0.0}
    monkeypatch.setattr(crowd.time, "perf_counter", lambda: now["perf_counter"])
    monkeypatch.setattr(crowd.time, "process_time", lambda: now["process_time"])
    return now


def write(path, user=0.0, idle=0.0, stolen=0.0):
    fields = [user, 0, 0, idle, 0, 0, 0, stolen, 0, 0]
    path.write_text(f"cpu  {' '.join(str(int(seconds * TICKS)) for seconds in fields)}\ncpu0 9 9\n", encoding="utf-8")


def watched(path, clock, seconds, own, **after):
    with Crowd(path) as crowd:
        clock["perf_counter"] += seconds
        clock["process_time"] += own
        if after:
            write(path, **after)
    return crowd.others


def test_what_others_compute_is_all_that_was_busy_but_this_process(tmp_path, clock):
    path = tmp_path / "stat"
    write(path, user=100.0, idle=50.0)
    # In 10 s, the cores were busy for 24 s, 15 s of which with this process; 3 s a hypervisor kept.
    assert watched(path, clock, 10.0, 15.0, user=124.0, idle=60.0, stolen=3.0) == pytest.approx((24 - 15 + 3) / 10)


def test_alone_there_is_nobody(tmp_path, clock):
    path = tmp_path / "stat"
    write(path, user=100.0)
    assert watched(path, clock, 10.0, 20.5, user=120.0) == 0.0  # ticks are coarser than this process's own clock


def test_ticks_say_nothing_of_a_moment(tmp_path, clock):
    path = tmp_path / "stat"
    write(path, user=100.0)
    assert watched(path, clock, 0.1, 0.1, user=101.0) is None


@pytest.mark.parametrize("text", [None, "", "cpu 1 2 3", "cpu  a b c d e f g h i"])
def test_a_system_that_does_not_tell(tmp_path, clock, text):
    path = tmp_path / "stat"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert watched(path, clock, 10.0, 1.0) is None
