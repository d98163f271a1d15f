from __future__ import annotations

import pytest

from tests.papers.sample import sample


def test_the_faster_layout_stands_beside_what_was_published():
    (table,) = sample().tables
    (found,) = table.results[0].throughputs

    assert (found.layout, found.images_per_second.computed, found.images_per_second.published) == (
        "channels-last",
        380.0,
        400.0,
    )
    assert found.images_per_second.difference == pytest.approx(380 / 400 - 1)
    assert table.results[0].parameters.difference == pytest.approx(9 / 10 - 1)


def test_order_is_counted_in_pairs_and_as_rank_correlation():
    (agreement,) = sample().tables[0].agreements

    # Published 400 > 200 > 100, predicted 380, 220, 230: the last two swap, so that ranks differ by 0, 1, 1.
    assert (agreement.rows, agreement.pairs, agreement.same_order) == (3, 3, 2)
    assert agreement.spearman == pytest.approx(1 - 6 * (0 + 1 + 1) / (3 * (9 - 1)))
    assert agreement.median_error == pytest.approx(0.1)  # of 0.05, 0.1 and 1.3


def test_a_conclusion_holds_where_the_faster_is_predicted_to_be_faster():
    (verdict,) = sample().verdicts

    assert (verdict.published_ratio, verdict.predicted_ratio) == (4.0, pytest.approx(380 / 230))
    assert verdict.holds is True


def test_what_has_no_prediction_is_said_and_nothing_is_made_up():
    found = sample(failing="slow")
    slow, unbuilt = found.tables[0].results[2:]

    assert slow.throughputs[0].images_per_second.computed is None
    assert found.verdicts[0].holds is None
    assert found.tables[0].agreements == ()  # two networks have no order worth a figure
    assert (unbuilt.parameters.published, unbuilt.parameters.computed) == (5e6, None)
    assert unbuilt.missing
