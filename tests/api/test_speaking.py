"""Errors of functions name arguments; those of commands name options."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import memprof
from memprof.api.speaking import in_python
from memprof.errors import MemprofError, TraceError


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("name the GPU with --device NAME, or --roof", "name the GPU with device=NAME, or --roof"),
        ("--from 3 is not before --to 1.5", "start=3 is not before end=1.5"),
        ("leave out --batch-size", "leave out batch_size="),
        ("--sweep kernel=7 gives only one value", 'values="kernel=7" gives only one value'),
        ("`memprof gate init --device NAME` writes one", "`memprof gate init --device NAME` writes one"),
        ("predict: `memprof roofline --model NAME`", "predict: memprof.analyze"),
        ("run it (memprof measure)", "run it (memprof.measure)"),
        ("print it with --page raw", "print it with --page raw"),
    ],
)
def test_options_become_arguments_that_the_function_has(said: str, expected: str) -> None:
    @in_python
    def fails(device: str = "", start: float = 0, end: float = 0, batch_size: int = 1, values: str = "") -> None:
        raise TraceError("something", said)

    with pytest.raises(TraceError) as raised:
        fails()
    assert raised.value.remedy == expected
    assert str(raised.value) == f"something; {expected}"


def test_functions_keep_their_signature_and_speak(tmp_path: object) -> None:
    with pytest.raises(MemprofError, match=r'values="kernel=7" gives only one value'):
        memprof.sweep("convnext_atto", "kernel=7")
    with pytest.raises(MemprofError, match=r"with config=$"):
        memprof.gate_check(f"{tmp_path}/none.toml")
    with pytest.raises(MemprofError, match=r"'cuda' is where PyTorch runs.*memprof\.measure runs"):
        memprof.analyze("resnet18", device="cuda")
    with pytest.raises(MemprofError, match="no model to compare"):
        memprof.compare([])


def test_an_older_stack_is_predicted_by_every_function() -> None:
    options = {"batch_size": 2, "resolution": 64, "stack": "torch 1.13"}
    result = memprof.compare("resnet18", layout="channels-last", **options)  # type: ignore[arg-type]

    assert "torch 1.13" in result.to_json()
    assert "torch 1.13" in memprof.explain("resnet18", **options).to_json()  # type: ignore[arg-type]
    with memprof.profile(stack="torch 1.13") as profile:
        pass
    assert profile.report.workload.stack == "torch 1.13"
    with pytest.raises(MemprofError, match="stack"):
        memprof.profile(stack="flax")


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (
            nn.Conv2d(3, 8, 3),
            {"x": memprof.spec("2x3x8x8")},
            "takes a tensor, not a dict; give .* or by name",
        ),
        (nn.Linear(8, 8), [memprof.spec("2x8"), memprof.spec("2x8")], "a layer of it takes a tensor, not a list"),
    ],
)
def test_a_container_in_place_of_a_tensor_is_named(model: nn.Module, given: object, words: str) -> None:
    with pytest.raises(memprof.MemprofError, match=words) as caught:
        memprof.analyze(model, (given,))
    assert "but expected one of" not in str(caught.value)


def test_what_wants_rows_is_told_of_the_layout() -> None:
    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(8, 4, 4, 2))

        def forward(self, x: Tensor) -> Tensor:
            return x * torch.view_as_complex(self.weight)

    inputs = memprof.spec("2x8x4x4", "complex64")
    with pytest.raises(memprof.MemprofError, match="choose the layout channels-first"):
        memprof.analyze(Rows(), inputs)
    assert memprof.analyze(Rows(), inputs, layout="channels-first").operators


def test_warnings_of_a_report_name_arguments_too() -> None:
    report = memprof.measure(nn.Linear(64, 64), memprof.spec("8x64"), warm_up=1, repeat=2, roof="a100")
    remedies = [warning.remedy for warning in report.warnings]
    assert any("repeat=6" in remedy for remedy in remedies)
    assert not any("--repeat" in remedy for remedy in remedies)
