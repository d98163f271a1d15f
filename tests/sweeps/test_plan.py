"""How a sweep divides into groups and parts."""

from __future__ import annotations

from dataclasses import replace

from memprof.sweeps.plan import Group, Sweep

SMALL = Sweep(
    models=("one", "two", "three"),
    devices=("a100", "t4"),
    precision=("fp32", "amp-fp16"),
    batch_size=(1, 8, 32),
    resolution=(None, 384),
    phase=("infer", "train"),
    layout=("channels-last",),
    stack=("",),
)


def test_every_combination_is_a_row_of_one_group() -> None:
    assert SMALL.group_count == 3 * 2 * 2
    assert SMALL.rows_of_group == 2 * 3 * 2
    assert SMALL.row_count == 12 * 12
    groups = [group for part in range(SMALL.part_count) for group in SMALL.part(part)]
    assert len(set(groups)) == 12
    assert groups[:3] == [
        Group("one", None, "infer", "channels-last", ""),
        Group("one", None, "train", "channels-last", ""),
        Group("one", 384, "infer", "channels-last", ""),
    ]
    assert list(SMALL.cells())[:3] == [("fp32", 1, "a100"), ("fp32", 1, "t4"), ("fp32", 8, "a100")]
    assert len(set(SMALL.cells())) == SMALL.rows_of_group


def test_a_part_is_a_group_until_there_are_many_and_nothing_is_listed_ahead() -> None:
    assert SMALL.part_count == SMALL.group_count
    large = replace(SMALL, models=tuple(f"model {number}" for number in range(30_000)))
    assert (large.group_count, large.row_count) == (120_000, 1_440_000)
    assert large.part_count == 4_000  # of 30 groups: 120,000 / 4,096 is 29.3
    assert [len(large.part(index)) for index in (0, 3_999)] == [30, 30]
    assert large.part(3_999)[-1].model == "model 29999"
