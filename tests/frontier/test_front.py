from __future__ import annotations

from memprof.frontier.front import on_front
from tests.frontier.sample import sample


def test_a_point_is_on_the_front_where_none_is_at_least_as_good_at_both():
    points = [(10.0, 80.0), (20.0, 70.0), (20.0, 69.0), (5.0, 80.0), (15.0, 75.0)]

    assert on_front(points) == [True, True, False, False, True]


def test_equal_points_are_one_on_the_front():
    assert on_front([(1.0, 2.0), (1.0, 2.0)]).count(True) == 1


def test_fronts_know_errors_memory_and_failures():
    found = sample()
    first = {item.accuracy.model: item for item in found.devices[0].candidates}

    assert [item.accuracy.model for item in found.devices[0].front] == ["quick", "good"]
    # 95 images/s and 10 % more are beyond 100: with its error it could be there.
    assert (first["beaten"].on_front, first["beaten"].near_front) == (False, True)
    assert (first["huge"].on_front, first["huge"].near_front) == (False, False)  # it does not fit
    assert first["good"].span == (100 / 1.1, 100 * 1.1)
    assert [(item.model, item.reason) for item in found.missing] == [("broken", "it does not run")]


def test_sentences_say_how_the_front_moves():
    found = sample()

    assert [item.accuracy.model for item in found.devices[1].front] == ["quick", "beaten", "good"]
    assert "2 of 4 networks are beaten by none at both" in found.sentences[0]
    assert found.sentences[-1].endswith("to NVIDIA T4: beaten is on the front only there.")
