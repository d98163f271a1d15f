"""memprof measure through its entry point: on this CPU for real, and every way in which it may be refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from memprof.report.reading import SET_SCHEMA, load_reports
from memprof.report.record import SCHEMA, Report
from tests.analysis.test_measured import ROOF
from tests.command_line import Outcome, memprof

NET = """
import os, pathlib, signal, torch
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))

class Huge(nn.Linear):  # takes memory on meta as elsewhere
    def __init__(self): super().__init__(3, 2**45)
    def forward(self, images): return super().forward(images.mean((2, 3)))

class Greedy(nn.Linear):  # does not run on meta, so that it is tried
    def __init__(self): super().__init__(3, 5)
    def forward(self, images):
        images.sum().item()
        return torch.ones(2**50)

class Interrupted(nn.Linear):
    left = 12
    def __init__(self): super().__init__(3, 5)
    def forward(self, images):
        if not images.is_meta:
            self.left -= 1
        if self.left == 0:
            pathlib.Path("reached").touch()
            os.kill(os.getpid(), signal.SIGINT)
        return super().forward(images.mean((2, 3)))

class Fails(nn.Linear):
    def __init__(self): super().__init__(3, 5)
    def forward(self, images): raise ValueError("no thanks")
"""
NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}
SMALL = ("--roof", "cpu.toml", "--batch-size", "2", "--resolution", "32", "--repeat", "6")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    (tmp_path / "cpu.toml").write_text(ROOF, encoding="utf-8")
    return tmp_path


def left_behind(folder: Path) -> list[str]:
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    return sorted(set(os.listdir(folder)) - {"net.py", "cpu.toml"})


def run(folder: Path, *arguments: str) -> Outcome:
    return memprof("measure", *arguments, cwd=folder, **NO_GPU)


def test_json_is_the_report_and_nothing_else(folder: Path) -> None:
    result = run(folder, "--model", "net.py:build", *SMALL, "--phase", "train", "--json")
    assert (result.code, result.err) == (0, "")
    content = json.loads(result.out)
    assert content["schema"] == SCHEMA
    assert content["measured"]["source"] == "run"
    assert content["measured"]["timing"]["warm_up"] == 3
    assert len(content["measured"]["timing"]["step_seconds"]) == 6
    assert {row["phase"] for row in content["operators"]} == {"forward", "backward", "optimizer"}
    assert Report.from_json(result.out).to_json() == result.out
    assert left_behind(folder) == []


def test_files_are_written_as_by_roofline(folder: Path) -> None:
    options = (
        "--model",
        "net.py:build",
        "--model",
        "resnet18",
        *SMALL,
        "--warm-up",
        "1",
        "--precision",
        "amp-bf16",
        "--layout",
        "channels-first",
        "--output",
        "deep/out",
    )
    looks = ("--by", "module", "--top", "3", "--format", "html,json,csv,md,text")
    result = run(folder, *options, *looks)
    assert (result.code, result.err) == (0, "")
    names = sorted(os.listdir(folder / "deep" / "out"))
    assert names == ["report.csv", "report.html", "report.json", "report.md", "report.txt"]
    content = (folder / "deep" / "out" / "report.json").read_bytes()
    assert json.loads(content)["schema"] == SET_SCHEMA
    found = load_reports(content)
    assert [report.workload.model for report in found] == ["net.py:build", "resnet18"]
    for report in found:
        workload = report.workload
        assert (workload.phase, workload.precision, workload.layout) == ("infer", "amp-bf16", "channels-first")
        assert report.measured.timing.warm_up == 1
    assert "Written: deep/out/report.html" in result.out
    again = memprof("render", "deep/out/report.json", "--output", "again", *looks, cwd=folder)
    assert (again.code, again.err) == (0, "")
    for name in ("report.csv", "report.html"):
        assert (folder / "again" / name).read_bytes() == (folder / "deep" / "out" / name).read_bytes()


def test_a_gpu_needs_a_gpu(folder: Path) -> None:
    error = run(folder, "--model", "net.py:build", "--device", "cuda").error
    assert "there is no CUDA device here" in error
    assert "measure on the CPU, or predict: `memprof roofline`" in error
    assert left_behind(folder) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "missing option '--model'"),
        ("--model resnet51", "unknown model 'resnet51'; did you mean"),
        ("--model resnet18 --model absent.py:build", "there is no file absent.py"),
        ("--model resnet18 --device gpu", "'gpu' is not one of 'cpu', 'cuda'"),
        ("--model resnet18 --roof a10000", "unknown device 'a10000'; did you mean a100"),
        ("--model resnet18 --roof absent.toml", "device file absent.toml does not exist"),
        ("--model resnet18 --precision tf32", "a CPU does not compute in tf32; use precision fp32"),
        ("--model resnet18 --roof cpu.toml --precision fp16", "toy-cpu has no FP16"),
        ("--model resnet18 --repeat 0", "0 repetitions are out of range"),
        ("--model resnet18 --warm-up -1", "-1 warm-up steps are out of range"),
        ("--model resnet18 --repeat many", "'many' is not a valid integer"),
        ("--model resnet18 --roof cpu.toml --batch-size 0", "batch size 0 is out of range"),
        ("--model resnet18 --roof cpu.toml --output net.py", "net.py is not a folder"),
        ("--model net.py:Huge --roof cpu.toml", "net.py:Huge at batch size 8 needs 1,"),
        ("--model net.py:Greedy --roof cpu.toml", "net.py:Greedy at batch size 8 does not fit into the memory of"),
        ("--model net.py:Fails --roof cpu.toml", "net.py:Fails failed: ValueError: no thanks (line "),
    ],
)
def test_mistakes_are_one_line(arguments: str, said: str, folder: Path) -> None:
    assert said in run(folder, *arguments.split()).error
    assert left_behind(folder) == []


def test_a_machine_that_nobody_calibrated(folder: Path) -> None:
    """Where the user's data lie elsewhere, there is no device `host` yet."""
    places = {name: str(folder / "elsewhere") for name in ("XDG_DATA_HOME", "HOME", "LOCALAPPDATA")}
    error = memprof("measure", "--model", "net.py:build", cwd=folder, **NO_GPU, **places).error
    assert "the ceilings of this CPU are not known" in error
    assert "run `memprof calibrate`" in error
    assert left_behind(folder) == []


def test_ctrl_c_in_the_middle_leaves_one_line_and_no_file(folder: Path) -> None:
    result = run(folder, "--model", "net.py:Interrupted", *SMALL, "--repeat", "1000", "--output", "out")
    assert result.error == "error: interrupted; no file was left half-written"
    assert left_behind(folder) == ["reached"]
