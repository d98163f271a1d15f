"""Predictions held against measurements, and networks against what was accepted, by functions."""

from __future__ import annotations

from pathlib import Path

from torch import nn

import memprof
from tests import command_line
from tests.traces.making import kernel, launch, op, text

PRODUCTS = "source,device,stack,dtype,m,n,k,milliseconds\nme,a100-sxm4-80gb,v1,bfloat16,4096,512,1024,0.1\n"


def test_kernels_are_validated(tmp_path: Path) -> None:
    (tmp_path / "kernels.csv").write_text(PRODUCTS, encoding="utf-8")
    result = memprof.validate_kernels(tmp_path / "kernels.csv")

    (case,) = result.record.cases
    assert "1 of 1 rows predicted" in str(result)
    assert case.measured_seconds == 0.1e-3


def test_a_gate_passes_with_the_figures_that_were_accepted(tmp_path: Path) -> None:
    options = ("--batch-size", "2", "--resolution", "64")
    assert command_line.memprof("gate", "init", "--model", "resnet18", *options, cwd=tmp_path).code == 0
    (config,) = [path for path in tmp_path.iterdir() if path.name in ("memprof.toml", "pyproject.toml", "setup.cfg")]

    result = memprof.gate_check(config)
    assert result.record.verdict == "passed"
    assert "resnet18" in str(result)


def test_a_trace_is_read(tmp_path: Path) -> None:
    product = op("mm", 10, 30, [64, 64], [64, 64])
    path = tmp_path / "trace.json"
    path.write_text(text(product, launch(1, 15), kernel(1, 100, 50)), encoding="utf-8")
    report = memprof.read_trace(path, device="v100-sxm2-32gb")

    (row,) = report.operators
    assert (row.name, row.flops, row.measured_seconds) == ("aten::mm", 2 * 64**3, 50e-6)


def test_a_model_is_measured_here() -> None:
    report = memprof.measure(nn.Linear(64, 64), memprof.spec("8x64"), warm_up=1, repeat=2, roof="a100")

    (row,) = [row for row in report.operators if row.name == "aten::addmm"]
    assert row.flops == 8 * 64 * (2 * 64 + 1)  # with a bias
    assert report.totals.measured_seconds > 0
