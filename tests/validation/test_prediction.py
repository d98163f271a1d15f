"""Equal workloads are analysed once, and every row gets what was found for it; nothing is analysed in these tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from memprof.validation import prediction
from memprof.validation.prediction import plan, validate
from memprof.validation.processes import Failure
from memprof.validation.records import Prediction
from memprof.validation.tables import MeasurementError
from tests.validation.files import COLUMNS, GOOD, line, table

SPEEDS = {"channels-first": 1500.0, "channels-last": 2000.0}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stand in for the processes: channels-last is faster, and timm:broken cannot be built. Returns what is asked."""
    asked: list[Any] = []

    def answer(work: object, orders: Sequence[Any], jobs: int) -> Iterator[tuple[int, object]]:
        asked.extend(orders)
        for index in reversed(range(len(orders))):
            task = orders[index].task
            speed = SPEEDS[task.layout]
            predictions = tuple(Prediction(speed, 2 * speed, "l1", task.layout) for _ in orders[index].devices)
            yield index, Failure("it breaks") if task.model == "timm:broken" else predictions

    monkeypatch.setattr(prediction, "map_in_processes", answer)
    return asked


def test_equal_workloads_are_analysed_once_for_all_their_devices(asked: list[Any]):
    rows = [GOOD, line(device="h100", source="you"), line(images_per_second="5"), line(batch="3")]
    validation = validate(table(*rows))

    assert len(validation.predicted) == 4
    assert [(order.task.batch_size, order.devices) for order in asked] == [
        (2, ("a100-sxm4-40gb", "h100-sxm5-80gb")),
        (3, ("a100-sxm4-40gb",)),
    ]


def test_versions_tell_workloads_apart_where_they_change_how_timm_runs(asked: list[Any]):
    rows = [line(source="timm results", stack=stack) for stack in ("torch 1.12, CUDA 11.3", "torch 2.4", "torch 2.4.1")]
    validate(table(*rows))

    assert [order.task.stack for order in asked] == ["torch 1.12", "torch 2.4, fast norm"]


def test_of_two_layouts_the_better_one_counts(asked: list[Any]):
    best, first = validate(table(line(layout="best of nchw and nhwc"), line(layout="nchw"))).cases

    assert best.prediction == Prediction(2000, 4000, "l1", "channels-last")
    assert best.ratio == 2000 / 1000
    assert first.ratio == 1500 / 1000


def test_what_is_skipped_keeps_its_place_and_its_reason(asked: list[Any]):
    rows = [line(model="timm:broken"), GOOD, line(images_per_second="-1")]
    validation = validate(table(*rows))

    assert [case.skipped_because for case in validation.cases] == [
        "it breaks",
        "",
        "images_per_second -1 is not above zero",
    ]
    assert [case.row.line for case in validation.skipped] == [2, 4]
    assert {case.device for case in validation.cases} == {"a100-sxm4-40gb"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((), "file.csv holds no measurement"),
        (
            [line(phase="x"), line(model="timm:broken")],
            "nothing in file.csv can be predicted: line 2: phase 'x' is neither infer nor train; line 3: it breaks",
        ),
        ([line(phase="x")] * 5, "; and 2 more"),
    ],
)
def test_nothing_predicted_is_an_error(rows: Sequence[str], message: str, asked: list[Any]):
    with pytest.raises(MeasurementError) as caught:
        validate(table(*rows))

    assert message in str(caught.value)


def test_progress_is_told(asked: list[Any]):
    progress: list[tuple[int, int]] = []
    validate(table(GOOD, line(batch="3")), progress=lambda done, total: progress.append((done, total)))

    assert progress == [(1, 2), (2, 2)]


def test_columns_nobody_reads_are_said(asked: list[Any]):
    validation = validate(table(f"{GOOD},x,y", columns=f"{COLUMNS},comment,place"))

    assert validation.notes == ("Columns that memprof does not read: comment, place.",)


def test_a_plan_of_nothing():
    assert plan([]) == []
