"""What people type is understood: models as arguments and lists, inputs, images that are not square, ranges."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from memprof.analysis.asking import ask
from memprof.commands.asking import batch_sizes_option
from memprof.commands.naming import split_models
from tests.command_line import memprof

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.embed = nn.Embedding(100, width)
        self.head = nn.Linear(width, 3)

    def forward(self, ids, mask=None):
        x = self.embed(ids)
        return {"scores": self.head(x if mask is None else x * mask[..., None])}

def half():
    return Net().half()

def example_inputs():
    return {"ids": torch.zeros(2, 7, dtype=torch.int64)}

def example_loss(output):
    return output["scores"].square().mean()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def workloads(folder: Path, *arguments: str) -> list[dict[str, object]]:
    done = memprof(*arguments, "--json", cwd=folder)
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    return [report["workload"] for report in found.get("reports", [found])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("resnet18,resnet50", ["resnet18", "resnet50"]),
        ("convnext_t:kernel=7,mlp=conv, resnet50", ["convnext_t:kernel=7,mlp=conv", "resnet50"]),
        ("net.py:build:sizes=[1,2],norm='a,b',net.py:Net", ["net.py:build:sizes=[1,2],norm='a,b'", "net.py:Net"]),
        ("resnet18,", ["resnet18"]),
        (",", [","]),
    ],
)
def test_commas_separate_models_but_not_their_options(text, names):
    assert split_models(text) == names


def test_models_may_be_arguments_and_lists(folder: Path):
    found = workloads(folder, "roofline", "resnet18", "--model", "resnet34,resnet18", "--batch-size", "1")

    assert [work["model"] for work in found] == ["resnet18", "resnet34"]


def test_inputs_of_any_kind_reach_the_model(folder: Path):
    (work,) = workloads(
        folder, "roofline", "net.py:Net:width=4", "--input", "3x5:int64", "--input", "mask=3x5", "--batch-size", "6"
    )

    assert (work["model"], work["inputs"], work["batch_size"]) == ("net.py:Net:width=4", "6x5:int64, mask=6x5", 6)


def test_a_file_says_what_its_models_take_and_how_they_are_trained(folder: Path):
    done = memprof("roofline", "net.py:half", "--phase", "train", "--format", "json", cwd=folder)

    assert (done.code, done.err) == (0, "")
    report = json.loads((folder / "memprof-report" / "report.json").read_text())
    assert report["workload"]["inputs"] == "{ids: 2x7:int64}"
    assert report["workload"]["precision"] == "fp16"
    assert [item["message"] for item in report["warnings"] if item["code"] == "loss"] == ["the loss is example_loss"]


def test_images_need_not_be_square_and_segmentation_is_trained_with_its_own_loss(folder: Path):
    done = memprof(
        *("roofline", "upernet:resnet18", "--resolution", "64x256", "--batch-size", "2", "--phase", "train", "--json"),
        cwd=folder,
    )
    report = json.loads(done.out)

    assert report["workload"]["inputs"] == "2x3x64x256"
    (loss,) = [item["message"] for item in report["warnings"] if item["code"] == "loss"]
    assert loss == "the loss is the cross-entropy of every pixel, and 0.4 times the auxiliary head's"
    # scores (2, 150, 64, 256) are made twice, by the head and by the auxiliary head
    resized = [row for row in report["operators"] if "upsample" in row["name"] and row["phase"] == "backward"]
    assert sum(row["calls"] for row in resized if [2, 150, 64, 256] in row["input_shapes"]) == 2


def test_a_square_resolution_stays_one():
    assert ask((), 224, 4).resolution == 224
    assert ask((), None, None).task.inputs is None
    assert str(ask((), (64, 256), 4).task.inputs) == "4x3x64x256"


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("8", 8), ("1..8", (1, 2, 4, 8)), ("1..12", (1, 2, 4, 8, 12)), ("8..24:8", (8, 16, 24)), ("4,1", (1, 4))],
)
def test_batch_sizes(text, sizes):
    @click.command()
    @batch_sizes_option
    def command(batch_size: object) -> object:
        return batch_size

    assert command.main(["--batch-size", text], standalone_mode=False) == sizes


def test_help_is_a_command_and_a_devices_name_shows_it(folder: Path):
    assert memprof("help", "gate", "check", cwd=folder).out.startswith("Usage: memprof gate check [OPTIONS]")
    assert memprof("help", cwd=folder).out == memprof("--help", cwd=folder).out
    assert memprof("devices", "a100", cwd=folder).out == memprof("devices", "show", "a100", cwd=folder).out
