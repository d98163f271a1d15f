"""Errors and rank correlation, worked out by hand, and what must hold for any figures."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.validation.records import Case, Measurement, Prediction
from memprof.validation.statistics import errors, group_errors, rank_correlation, worst
from memprof.validation.tables import Row


def case(model: str, measured: float, predicted: float | None, **changes: str) -> Case:
    own = {"source": "s", "device": "d", "stack": "", "layout": "nchw", "phase": "infer", **changes}
    measurement = Measurement("s", "d", "", "fp32", ("channels-first",), 1, 224, "infer", model, measured)
    prediction = None if predicted is None else Prediction(predicted, predicted, "dram", "channels-first")
    return Case(Row(2, ()), model=model, measurement=measurement, prediction=prediction, **own)


def test_errors_by_hand():
    # Ratios 1.1, 0.8, 1.0, 1.2: off by 0.1, 0.2, 0, 0.2; the median of the logs lies between 1.0 and 1.1.
    summary = errors([110, 160, 300, 480], [100, 200, 300, 400])

    assert summary.count == 4
    assert summary.mean_absolute_percentage_error == pytest.approx((0.1 + 0.2 + 0 + 0.2) / 4)
    bias = math.sqrt(1.0 * 1.1)
    assert summary.bias == pytest.approx(bias)
    expected = (abs(1.1 / bias - 1) + abs(0.8 / bias - 1) + abs(1 / bias - 1) + abs(1.2 / bias - 1)) / 4
    assert summary.unbiased_mean_absolute_percentage_error == pytest.approx(expected)
    assert summary.median_absolute_percentage_error == pytest.approx((0.1 + 0.2) / 2)
    assert summary.percentile_90_absolute_percentage_error == pytest.approx(0.2)
    assert summary.spearman == pytest.approx(1.0)


def test_the_90th_percentile_lies_between_its_neighbours():
    # Of 11 values in order, 0 to 0.10, the 90th percentile is the tenth.
    summary = errors([100 + step for step in range(11)], [100] * 11)

    assert summary.percentile_90_absolute_percentage_error == pytest.approx(0.09)


def test_rank_correlation_by_hand():
    # Ranks 1 2 3 4 against 2 1 4 3: 1 - 6 * (1+1+1+1) / (4 * (16-1)).
    assert rank_correlation([1, 2, 3, 4], [20, 10, 40, 30]) == pytest.approx(1 - 6 * 4 / (4 * 15))
    # With ties: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4. Deviations -1.5 0 0 1.5 and -1.5 -0.5 0.5 1.5:
    # products sum to 4.5, squares to 4.5 and 5.
    assert rank_correlation([10, 20, 20, 30], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert rank_correlation([3, 2, 1], [1, 2, 3]) == pytest.approx(-1)


@pytest.mark.parametrize(("first", "second"), [([], []), ([1], [2]), ([1, 1], [1, 2])])
def test_no_rank_correlation_where_nothing_varies(first: list[float], second: list[float]):
    assert rank_correlation(first, second) is None


def test_nothing_gives_no_figures():
    assert errors([], []).mean_absolute_percentage_error is None


POSITIVE = st.floats(1e-3, 1e6)


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=2, max_size=30), st.floats(0.1, 10))
def test_a_common_factor_changes_the_bias_and_nothing_without_it(pairs: list[tuple[float, float]], factor: float):
    predicted, measured = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    plain, scaled = errors(predicted, measured), errors([value * factor for value in predicted], measured)

    assert scaled.unbiased_mean_absolute_percentage_error == pytest.approx(
        plain.unbiased_mean_absolute_percentage_error, rel=1e-6, abs=1e-9
    )
    assert plain.bias is not None
    assert scaled.bias == pytest.approx(plain.bias * factor)


@given(st.lists(POSITIVE, min_size=1, max_size=30))
def test_right_predictions_are_off_by_nothing(values: list[float]):
    summary = errors(values, values)

    assert summary.mean_absolute_percentage_error == 0
    assert summary.unbiased_mean_absolute_percentage_error == pytest.approx(0, abs=1e-9)
    assert summary.spearman is None or summary.spearman == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=20))
def test_rank_correlation_lies_between_its_ends_and_is_symmetric(pairs: list[tuple[int, int]]):
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    correlation = rank_correlation(first, second)

    assert correlation is None or -1 - 1e-9 <= correlation <= 1 + 1e-9
    assert correlation == pytest.approx(rank_correlation(second, first))
    assert correlation == pytest.approx(rank_correlation([3**value for value in first], second))


def test_groups_are_source_and_device_then_phases_then_what_was_measured_apart():
    cases = [
        case("a", 100, 110),
        case("b", 100, 90, layout="nhwc"),
        case("c", 100, None),
        case("d", 100, 150, phase="train"),
        case("e", 100, 100, device="other"),
    ]
    groups = [
        (group.device, group.phase, group.layout, group.errors.count, group.skipped) for group in group_errors(cases)
    ]

    assert groups == [
        ("d", "", "", 3, 1),
        ("d", "infer", "", 2, 1),
        ("d", "infer", "nchw", 1, 1),
        ("d", "infer", "nhwc", 1, 0),
        ("d", "train", "", 1, 0),
        ("other", "", "", 1, 0),
        ("other", "infer", "", 1, 0),
    ]


def test_the_worst_are_furthest_off_by_factor():
    cases = [case("near", 100, 110), case("half", 100, 50), case("more", 100, 180), case("none", 100, None)]

    assert [item.model for item in worst(cases, 2)] == ["half", "more"]
