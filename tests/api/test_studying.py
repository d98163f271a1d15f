"""An operator studied from Python, with the command's words."""

from __future__ import annotations

import pytest

import memprof


def test_an_operator_is_studied_with_numbers_and_ranges() -> None:
    found = memprof.study("pointwise", channels=[32, 64], resolution=14, batch_size=4)
    assert [point.value("channels") for point in found.record.points] == [32, 64]
    assert found.record.points[0].forward.flops == 4 * 14 * 14 * 32 * (2 * 32 + 1)
    own = memprof.study("torch.nn:GELU", memprof.spec("8x16"), batch_size="8..32")
    assert [point.value("batch_size") for point in own.record.points] == [8, 16, 32]


def test_mistakes_are_told_in_pythons_words() -> None:
    with pytest.raises(memprof.MemprofError, match="gelu has no kernel"):
        memprof.study("gelu", kernel=3)
    with pytest.raises(memprof.MemprofError, match="say with what: inputs"):
        memprof.study("torch.nn:GELU")
