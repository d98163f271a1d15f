"""What changed between two traces: rows that sum exactly, what one of them lacks, and sentences."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from memprof.comparisons.changes import IDLE, OVERLAP, WAITING, compare_traces
from memprof.errors import ReportError
from memprof.report.run import DeviceTime, Measured, Stray
from memprof.reports.difference import WRITERS
from memprof.reports.writer import RenderOptions
from tests.comparisons.explain_rows import report, row

KERNELS = DeviceTime(12e-3, 9e-3, 3e-3, 2e-3, 10e-3, 0.0, 0.0, 0.0, 0.0)
RUN = Measured("trace", ("t.json",), "A GPU", 2, 12e-3, None, 1.0, device_time=KERNELS, steps_from="marks")


def traced(name, *rows, measured=RUN, **changes):
    """Return a report of rows (name, module, measured seconds of all steps)."""
    made = [
        replace(row(name, "elementwise", module, 1e-3, calls=4), measured_seconds=seconds)
        for name, module, seconds in rows
    ]
    whole = report(*made)
    return replace(whole, workload=replace(whole.workload, model=name, **changes), measured=measured)


FIRST = traced(
    "first",
    ("cudnn_convolution", "net.a", 4e-3),
    ("relu", "net.b", 2e-3 / 3),
    measured=replace(RUN, strays=(Stray("void nccl<1>()", "communication", "no launch", 2, 6e-3),)),
)
SECOND = traced(
    "second",
    ("convolution", "net.a", 3e-3),
    ("gelu", "net.b", 1e-3),
    measured=replace(RUN, steps=1, seconds=7e-3),
)


def cells(changes):
    return {(item.name, item.phase): (item.seconds, item.against_seconds) for item in changes}


def test_rows_are_of_one_step_and_what_one_lacks_is_a_row_of_its_own():
    found = cells(compare_traces(FIRST, SECOND).operators)
    assert found == {
        ("convolution", "forward"): (pytest.approx(2e-3), pytest.approx(3e-3)),
        ("relu", "forward"): (pytest.approx(1e-3 / 3), None),
        ("gelu", "forward"): (None, pytest.approx(1e-3)),
        ("nccl", "(no operator)"): (pytest.approx(3e-3), None),
        (WAITING, ""): (pytest.approx(1e-3), pytest.approx(2e-3)),
        (IDLE, ""): (pytest.approx(0.5e-3), pytest.approx(1e-3)),
        (OVERLAP, ""): (pytest.approx(6e-3 - (2e-3 + 1e-3 / 3 + 3e-3 + 1.5e-3)), None),  # of 6 ms a step
    }


@pytest.mark.parametrize("seed", range(5))
def test_rows_sum_exactly_in_any_order(seed):
    difference = compare_traces(FIRST, SECOND)
    assert difference.difference_seconds == difference.first.seconds - difference.second.seconds
    for changes in (difference.operators, difference.modules):
        rows = list(changes)
        random.Random(seed).shuffle(rows)
        assert sum(item.difference_seconds for item in rows) == difference.difference_seconds
        assert sum(item.seconds or 0.0 for item in rows) == difference.first.seconds
        assert sum(item.against_seconds or 0.0 for item in rows) == difference.second.seconds


def test_modules_divide_the_same_time():
    found = cells(compare_traces(FIRST, SECOND).modules)
    assert found["net.a", ""] == (pytest.approx(2e-3), pytest.approx(3e-3))
    assert found["(no operator)", ""] == (pytest.approx(3e-3), None)


def test_sentences_name_what_changed_and_what_differs():
    text = " ".join(compare_traces(FIRST, replace(SECOND, workload=replace(SECOND.workload, batch_size=7))).sentences)
    assert "first took 6.00 ms a step, second 7.00 ms: 1.00 ms less, 0.86x the time." in text
    assert "most changed: 1.00 ms less in convolution (forward)." in text
    assert "Only first ran relu (forward): 333 µs a step." in text
    assert "Only second ran gelu (forward): 1.00 ms a step." in text
    assert "differ in batch size: not all of the difference is the code's" in text


def test_a_trace_against_itself_has_no_difference():
    difference = compare_traces(FIRST, FIRST)
    assert (difference.first.label, difference.second.label) == ("first (1)", "first (2)")
    assert {item.difference_seconds for item in difference.operators} == {0.0}
    assert difference.sentences[0] == "first (1) took 6.00 ms a step, first (2) 6.00 ms."


def test_what_was_not_measured_cannot_be_compared():
    with pytest.raises(ReportError, match="holds no measured time"):
        compare_traces(FIRST, replace(SECOND, measured=None))


def test_writers_show_the_largest_changes_and_the_sum_of_the_rest():
    difference = compare_traces(FIRST, SECOND)
    text = WRITERS.render(difference, "text", RenderOptions(top=1, width=80)).decode()
    assert max(map(len, text.splitlines())) <= 80
    assert "4 more" in text
    assert text.count("6.0000  7.0000     −1.0000") == 2
    assert "| total |  |  | 6.0000 | 7.0000 | −1.0000 |" in WRITERS.render(difference, "md").decode()
    lines = WRITERS.render(difference, "csv").decode().splitlines()
    assert len(lines) == 1 + len(difference.operators) + len(difference.modules)
    assert json.loads(WRITERS.render(difference, "json"))["schema"] == "memprof.trace-difference/1"
