"""Predictions held against measurements, and networks against what was accepted, by functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torch import nn

import memprof
from tests import command_line
from tests.traces.making import kernel, launch, op, text

PRODUCTS = "source,device,stack,dtype,m,n,k,milliseconds\nme,a100-sxm4-80gb,v1,bfloat16,4096,512,1024,0.1\n"


def write(path: Path, *events: dict[str, Any]) -> Path:
    """Write a trace and return its file."""
    path.write_text(text(*events), encoding="utf-8")
    return path


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
    path = write(tmp_path / "trace.json", product, launch(1, 15), kernel(1, 100, 50))
    report = memprof.read_trace(path, device="v100-sxm2-32gb")

    (row,) = report.operators
    assert (row.name, row.flops, row.measured_seconds) == ("aten::mm", 2 * 64**3, 50e-6)


def test_a_trace_is_lined_up_with_a_model_that_one_holds(tmp_path: Path) -> None:
    product = op("mm", 10, 30, [8, 64], [64, 32])
    trace = write(tmp_path / "trace.json", product, launch(1, 15), kernel(1, 100, 50))
    named = {"device": "v100-sxm2-32gb", "precision": "fp32"}
    result = memprof.read_trace(trace, model=nn.Linear(64, 32, bias=False), inputs=memprof.spec("8x64"), **named)

    assert "50" in result.to_json()
    assert set(result.to_pandas()["measured_seconds"]) == {50e-6}
    with pytest.raises(memprof.MemprofError, match="no operator of trace has the shapes"):
        memprof.read_trace(trace, model=nn.Linear(64, 32), inputs=memprof.spec("9x64"), **named)


def test_two_traces_are_held_against_each_other_and_one_of_several_is_chosen(tmp_path: Path) -> None:
    product = op("mm", 10, 30, [64, 64], [64, 64])
    one, other = (
        write(tmp_path / f"{name}.json", product, launch(1, 15), kernel(1, 100, length))
        for name, length in (("one", 50), ("other", 30))
    )
    result = memprof.read_trace(one, against=other, device="v100-sxm2-32gb")
    assert "50.0 µs against 30.0 µs" in str(result)

    with pytest.raises(memprof.MemprofError, match=r"2 traces make no single report; .* rank="):
        memprof.read_trace([one, other])
    with pytest.raises(memprof.MemprofError, match="no file says of which rank it is"):
        memprof.read_trace([one, other], rank=1)
    for path in (one, other):
        path.write_text(
            path.read_text(encoding="utf-8").replace('"Tesla V100"', '"Tesla V100-SXM2-32GB"'), encoding="utf-8"
        )
    with pytest.raises(memprof.MemprofError, match="times scaled to h100-pcie-80gb do not go with 2 traces"):
        memprof.read_trace(one, against=other, device="h100-pcie-80gb")
    with pytest.raises(memprof.MemprofError, match="against= goes with one trace, not with model="):
        memprof.read_trace(one, against=other, model="resnet50")


def test_a_model_is_measured_here() -> None:
    report = memprof.measure(nn.Linear(64, 64), memprof.spec("8x64"), warm_up=1, repeat=2, roof="a100")

    (row,) = [row for row in report.operators if row.name == "aten::addmm"]
    assert row.flops == 8 * 64 * (2 * 64 + 1)  # with a bias
    assert report.totals.measured_seconds > 0
