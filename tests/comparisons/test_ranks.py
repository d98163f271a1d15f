"""The ranks of a run and how far they lie apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof.comparisons.ranks import Rank, rank_of, spreads
from memprof.errors import TraceError
from memprof.report.run import DeviceTime, Measured
from tests.reports.sample import sample


def rank(number: int, span: float, communication: float = 0.0, steps: int = 2) -> Rank:
    return Rank(number, f"rank{number}.json", "GPU", steps, span, span / 2, communication, 0.0, span / 4)


def test_spreads_are_per_step():
    by_name = {item.name: item for item in spreads([rank(0, 8.0), rank(1, 12.0, 1.0), rank(2, 10.0, steps=1)])}
    assert set(by_name) == {"span", "kernels", "communication", "idle"}  # nobody has exposed communication
    span = by_name["span"]
    assert (span.least, span.median, span.most, span.slowest) == (4.0, 6.0, 10.0, 2)
    assert by_name["communication"].most == 0.5


def test_a_report_without_device_time_is_no_rank():
    report = sample()
    with pytest.raises(TraceError, match="no GPU kernels"):
        rank_of(0, report)


def test_a_rank_takes_its_report_s_figures():
    time = DeviceTime(4.0, 3.0, 1.0, 0.5, 2.5, 0.1, 0.2, 0.4, 0.3)
    measured = Measured("trace", ("a.json",), "GPU", 3, 4.0, None, 1.0, device_time=time)
    seventh = rank_of(7, replace(sample(), measured=measured))
    assert seventh == Rank(7, "a.json", "GPU", 3, 4.0, 2.5, 0.4, 0.3, 1.0)
