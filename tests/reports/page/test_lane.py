"""The lane of a measured device: its gaps lie where they were."""

from dataclasses import replace

import pytest

from memprof.report.digest import digests
from memprof.reports.page.lane import lane, runs_told
from tests.reports.measured_sample import GAPS, on_cpu, traced
from tests.reports.page.conftest import RUNS, with_runs
from tests.reports.sample import sample


def test_gaps_lie_where_they_were_and_say_why() -> None:
    (own,) = digests([traced()])
    drawn = lane(own)
    assert drawn is not None
    span = own.device_time.span_seconds if own.device_time else 0.0
    assert [gap.start for gap in drawn.gaps] == pytest.approx([gap.start_seconds / span for gap in GAPS])
    assert [gap.length for gap in drawn.gaps] == pytest.approx([max(0.0015, gap.seconds / span) for gap in GAPS])
    assert [gap.color for gap in drawn.gaps] == ["part-2", "part-2", "part-3"]
    assert drawn.gaps[0].text.startswith("idle for 3.90 ms from 2.10 ms, after Memcpy HtoD, before ")
    assert drawn.gaps[0].text.endswith(": not launched yet")


def test_runs_that_do_not_fit_together_are_not_shown() -> None:
    report = with_runs(traced())
    assert report.measured is not None
    time = report.measured.device_time
    assert time is not None
    assert time.runs is not None

    def told(**changes: object) -> str:
        runs = replace(time.runs, **changes)
        own = replace(report, measured=replace(report.measured, device_time=replace(time, runs=runs)))
        return runs_told(digests([own])[0])

    assert told().startswith("40 kernels, copies and fills on 2 streams")
    empty: dict[str, object] = dict.fromkeys(("kernels", "streams", "starts_seconds", "seconds", "operators"), ())
    for changes in (empty, {"seconds": (1.0,)}, {"kernels": (9,) * RUNS}, {"operators": (10**6,) * RUNS}):
        assert told(**changes) == ""


def test_what_has_no_gaps_has_no_lane() -> None:
    assert [lane(own) for own in digests([sample(), on_cpu()])] == [None, None]
