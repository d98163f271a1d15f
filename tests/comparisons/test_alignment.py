"""A measured report lined up with a simulated one, by hand."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from memprof.comparisons.alignment import SCHEMA, Alignment, align
from memprof.errors import WorkloadError
from memprof.report.record import OperatorRow, Report
from memprof.report.run import Measured
from tests.reports.sample import sample

MEASURED = Measured("trace", ("t.json",), "GPU", 2, 1.0, None, 1.0)


def named(name: str, shapes: tuple[tuple[int, ...], ...], phase: str = "forward", **fields: object) -> OperatorRow:
    return replace(sample().operators[0], name=f"aten::{name}", input_shapes=shapes, phase=phase, **fields)


def report_of(*rows: OperatorRow, measured: Measured | None = None) -> Report:
    return replace(sample(), operators=rows, measured=measured)


CONV = ((8, 3, 4, 4), (16, 3, 1, 1))


def test_both_sides_are_summed_per_step_under_one_name():
    theirs = report_of(
        named("cudnn_convolution", CONV, calls=4, measured_seconds=6.0),
        named("cudnn_convolution", CONV, calls=2, measured_seconds=2.0),
        named("add_", ((8, 8),), calls=2, measured_seconds=1.0),
        measured=MEASURED,
    )
    ours = report_of(
        named("convolution", (*CONV, (16,)), calls=3, seconds=2.0, roofline_seconds=1.0),
        named("mm", ((2, 3), (3, 4)), calls=1, seconds=0.5, roofline_seconds=0.25),
    )
    aligned = align(theirs, ours)
    first, second, third = aligned.rows
    assert (first.operator, first.measured_calls, first.simulated_calls) == ("convolution", 3.0, 3)
    assert (first.measured_seconds, first.predicted_seconds, first.roofline_seconds) == (4.0, 2.0, 1.0)
    assert first.ratio == 2.0
    assert (second.operator, second.measured_seconds, second.predicted_seconds) == ("add", 0.5, None)
    assert (third.operator, third.measured_seconds, third.predicted_seconds) == ("mm", None, 0.5)
    assert second.ratio is third.ratio is None
    assert aligned.measured_seconds == 4.5
    assert aligned.matched_share == 4.0 / 4.5
    assert aligned.predicted_seconds == ours.totals.seconds


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (("cudnn_convolution_backward", (*CONV, (8, 16, 4, 4))), ("convolution_backward", ((8, 16, 4, 4), *CONV))),
        (("cudnn_batch_norm", ((8, 3, 4, 4), (3,))), ("native_batch_norm", ((8, 3, 4, 4), (3,), (3,)))),
        (("clamp_min_", ((8, 8),)), ("relu", ((8, 8),))),
        (("mul_", ((8, 8),)), ("mul", ((8, 8),))),
    ],
)
def test_names_of_one_family_meet(theirs, ours):
    aligned = align(
        report_of(named(*theirs, measured_seconds=1.0), measured=MEASURED), report_of(named(*ours, seconds=1.0))
    )
    (only,) = aligned.rows
    assert (only.measured_calls, only.simulated_calls) == (0.5, 1)


def test_the_optimizer_is_one_line():
    theirs = report_of(
        named("add_", ((8, 8),), "optimizer", measured_seconds=1.0),
        named("mul_", ((9, 9),), "optimizer", measured_seconds=3.0),
        measured=MEASURED,
    )
    aligned = align(theirs, report_of(named("_foreach_add_", ((8, 8), (9, 9)), "optimizer", seconds=1.0)))
    (only,) = aligned.rows
    assert (only.operator, only.measured_seconds, only.ratio) == ("optimizer", 2.0, 2.0)


def test_another_phase_is_another_call():
    theirs = report_of(
        named("add", ((8, 8),), measured_seconds=1.0), named("mm", ((2, 2),), measured_seconds=1.0), measured=MEASURED
    )
    aligned = align(theirs, report_of(named("add", ((8, 8),), "backward"), named("mm", ((2, 2),))))
    assert sorted((row.operator, row.phase) for row in aligned.rows) == [
        ("add", "backward"),
        ("add", "forward"),
        ("mm", "forward"),
    ]


def test_another_model_is_told():
    theirs = report_of(named("add", ((7, 7),), measured_seconds=1.0), measured=MEASURED)
    with pytest.raises(WorkloadError, match="no operator of convnext_t has the shapes"):
        align(theirs, report_of(named("add", ((8, 8),))))


def test_what_measured_nothing_cannot_be_lined_up():
    with pytest.raises(WorkloadError, match="no measured time"):
        align(sample(), sample())


def test_the_json_reads_back():
    aligned = align(
        report_of(named("add", ((8, 8),), measured_seconds=1.0), measured=MEASURED), report_of(named("add", ((8, 8),)))
    )
    assert aligned.schema == SCHEMA
    assert msgspec.json.decode(aligned.to_json(), type=Alignment) == aligned
