"""The file of a sweep: what stands where a key does not, and everything that is wrong at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from memprof.errors import SweepError
from memprof.sweeps.reading import Asked, read_sweep


def read(folder: Path, text: str) -> Asked:
    path = folder / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    return read_sweep(path)


def test_what_is_not_said_is_the_default_and_each_value_counts_once(tmp_path: Path) -> None:
    asked = read(tmp_path, 'models = ["ResNet50", "resnet50"]\ndevices = ["A100", "t4", "a100"]\nbatch_size = [8, 1]\n')
    sweep = asked.sweep
    assert (sweep.models, sweep.devices, sweep.batch_size) == (("resnet50",), ("a100-sxm4-40gb", "t4"), (1, 8))
    assert (sweep.precision, sweep.resolution, sweep.phase) == ((None,), (None,), ("infer",))
    assert (sweep.layout, sweep.stack) == (("channels-last",), ("",))
    assert [device.name for device in asked.devices] == list(sweep.devices)


def test_one_value_needs_no_list(tmp_path: Path) -> None:
    text = 'models = "resnet18"\ndevices = "t4"\nbatch_size = 4\nstack = "PyTorch 1.13.1"\nresolution = 160\n'
    sweep = read(tmp_path, text).sweep
    assert (sweep.models, sweep.batch_size, sweep.resolution, sweep.stack) == (
        *(("resnet18",), (4,)),
        *((160,), ("torch 1.13",)),
    )


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = """
        models = ["resnet51", "convnext_t:kernal=3", 7]
        devices = ["a100", "h1000"]
        batchsize = 3
        batch_size = [0, 4]
        precision = ["fp12"]
        phase = ["training"]
        stack = "caffe"
        layout = []
    """
    with pytest.raises(SweepError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert "has 10 problems" in message
    for part in (
        *("unknown key 'batchsize': did you mean batch_size", "'resnet51'", "kernal", "models: 7 is no text"),
        *("unknown device 'h1000'", "batch size 0", "'fp12'", "'training' is none of infer, train"),
        *("names 'caffe'", "layout is empty"),
    ):
        assert part in message, part


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('models = ["resnet18"]\n', "a problem: devices is missing"),
        ("models = [", "is no TOML"),
        ('models = ["resnet18"]\ndevices = ["t4"]\nbatch_size = true\n', "batch size True is out of range"),
    ],
)
def test_files_that_are_none(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=message):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="No such file"):
        read_sweep(tmp_path / "sweep.toml")
