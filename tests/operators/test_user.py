"""Operators that a user teaches, from a custom operator of torch to its row in a report."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import pytest
import torch
from torch import nn

import memprof
from memprof import MemprofError
from memprof.operators import registry

NAME = "memproftest::scan"


@torch.library.custom_op(NAME, mutates_args=())
def scan(numbers: torch.Tensor) -> torch.Tensor:
    return numbers.cumsum(-1)


@torch.library.custom_op("memproftest::blind", mutates_args=())
def blind(numbers: torch.Tensor) -> torch.Tensor:
    return numbers.clone()


@scan.register_fake
def _(numbers: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(numbers)


class Scanning(nn.Module):
    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return scan(numbers)


class Blind(nn.Module):
    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return blind(numbers)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    registry.forget(NAME)


def row() -> tuple[memprof.Report, list[object]]:
    report = memprof.analyze(Scanning(), memprof.spec("8x100"))
    return report, [row for row in report.operators if row.name == NAME]


def test_an_operator_nobody_taught_is_unknown() -> None:
    report, _ = row()

    assert [item.name for item in report.coverage.unknown] == [NAME]
    assert report.coverage.bytes == 0


def test_a_taught_operator_costs_what_was_said() -> None:
    memprof.register(NAME, flops=lambda call: 3 * prod(call.tensor(0).shape), read=4000, write=800)
    report, (scanned,) = row()

    assert scanned.flops == 3 * 8 * 100
    assert scanned.dram_bytes == 4000 + 800
    assert report.coverage.bytes == 1


def test_left_out_bytes_are_those_of_the_arguments() -> None:
    memprof.register(NAME)
    _, (scanned,) = row()

    assert scanned.dram_bytes == 2 * 4 * 8 * 100


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("scan", {}, "mylib::scan"),
        ("aten::mm", {}, "knows what aten::mm costs"),
        (NAME, {"flops": lambda call: call.nonsense}, "flops= of memproftest::scan failed"),
        (NAME, {"read": -1}, "at least 0"),
        (NAME, {"write": lambda call: "x"}, "write= of"),
    ],
)
def test_mistakes_are_told(name: str, options: dict[str, object], words: str) -> None:
    def teach_and_use() -> None:
        memprof.register(name, **options)  # type: ignore[arg-type]
        row()

    with pytest.raises(MemprofError, match=words):
        teach_and_use()


def test_an_operator_without_a_shape_rule_says_how_to_give_it_one() -> None:
    with pytest.raises(MemprofError, match=r"register_fake\('memproftest::blind'\).*memprof.register"):
        memprof.analyze(Blind(), memprof.spec("8x100"))
