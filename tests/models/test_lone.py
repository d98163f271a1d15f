"""What `memprof operator` makes of ranges, and which mistakes it tells before anything is analysed."""

from __future__ import annotations

import pytest
import torch

from memprof.errors import ModelError
from memprof.models.lone import DECOMPOSITIONS, OPERATORS, plan, read_values
from memprof.models.lone_modules import Alone, build


def test_ranges_are_read_as_batch_sizes_are() -> None:
    assert read_values("kernel", "3..9") == (3, 5, 7, 9)
    assert read_values("kernel", "3..31:14") == (3, 17, 31)
    assert read_values("channels", "32..256") == (32, 64, 128, 256)
    assert read_values("channels", "8,40..56:8") == (8, 40, 48, 56)
    assert read_values("resolution", "7..50") == (7, 14, 28, 50)


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [
        ("depthwise", {"kernel": "4"}, "--kernel 4 is even; give odd sizes"),
        ("depthwise", {"kernel": "9..3"}, "--kernel 9..3 runs backwards; write 3..9"),
        ("depthwise", {"kernel": "0"}, "--kernel 0 is out of range"),
        ("depthwise", {"channels": "many"}, "--channels 'many' gives no values"),
        ("depthwise", {"channels": "1..9999:1"}, "too many values"),
        ("depthwise", {"kernel": "3..31", "channels": "1..9999"}, None),
        ("depthwise", {"kernel": "3,5", "channels": "1,2", "resolution": "7,8"}, "vary at most two of them"),
        ("depthwise", {"kernel": "3..63", "channels": "8..512:8"}, "these are 1984 settings"),
        ("gelu", {"kernel": "3"}, "gelu has no kernel"),
        ("grouped", {"channels": "100"}, "100 channels are no multiple of 32 groups"),
        (DECOMPOSITIONS, {"kernel": "3"}, "decomposes into nothing smaller"),
        (DECOMPOSITIONS, {"kernel": "5,7", "channels": "8,16"}, "vary at most one of them"),
        ("depthwis", {}, "did you mean depthwise"),
    ],
)
def test_mistakes_are_told(name: str, asked: dict[str, str], told: str | None) -> None:
    if told is None:
        assert len(plan(name, asked).settings) == 15 * 15
        return
    with pytest.raises(ModelError) as error:
        plan(name, asked)
    assert told in str(error.value)


def test_every_operator_runs_forward_and_backward_and_keeps_the_size_of_its_map() -> None:
    for name, operator in OPERATORS.items():
        small = {"resolution": "6", "batch_size": "2", "channels": "96"}
        for setting in plan(name, small).settings:
            x = torch.randn(setting.shape)
            y = Alone(build(setting))(x)
            y.sum().backward()
            assert y.numel() == x.numel() // (3 if name == "attention" else 1), (operator, setting)
