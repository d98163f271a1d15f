"""--stack, as people type it, on every command that predicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import memprof

VIT = ("--model", "timm:vit_tiny_patch16_224", "--batch-size", "2")


def test_the_report_holds_and_says_what_it_ran_on(tmp_path: Path) -> None:
    done = memprof("roofline", *VIT, "--stack", "PyTorch 1.13.1, CUDA 11.7", "--format", "json,html", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "channels-last, torch 1.13" in done.out
    assert "assumed: attention in steps, in 16 bits" in done.out
    report = json.loads((tmp_path / "memprof-report" / "report.json").read_text())
    assert report["workload"]["stack"] == "torch 1.13"
    assert any(row["name"] == "aten::_softmax" for row in report["operators"])
    assert "torch 1.13" in (tmp_path / "memprof-report" / "report.html").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("roofline", *VIT),
        ("compare", *VIT),
        ("explain", *VIT),
        ("ablate", "--model", "convnext_atto"),
        ("trace", "t.json", "--model", "resnet50"),
        ("validate", "--trace", "t.json", "--model", "resnet50"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_stack_that_is_none_is_told_at_once(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    error = memprof(*arguments, "--stack", "tensorflow 2", cwd=tmp_path).error
    assert "names 'tensorflow 2', which memprof does not know; write it like \"torch 1.13\"" in error


def test_the_gates_configuration_takes_one_too(tmp_path: Path) -> None:
    (tmp_path / "memprof.toml").write_text('models = ["resnet18"]\nstack = "torch x"\n', encoding="utf-8")
    (tmp_path / "memprof-baseline.json").write_text("{}", encoding="utf-8")
    assert "the stack 'torch x' names 'torch x'" in memprof("gate", "update", cwd=tmp_path).error
