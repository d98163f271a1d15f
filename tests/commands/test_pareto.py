"""`memprof pareto` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command_line import memprof


def test_two_networks_of_a_users_table_on_two_devices(tmp_path: Path):
    (tmp_path / "mine.csv").write_text("model,top1,resolution\nresnet18,70,64\nresnet34,73,64\n", encoding="utf-8")
    arguments = ("--accuracy", "mine.csv", "--device", "a100,t4", "--batch-size", "8", "--jobs", "1")

    done = memprof("pareto", *arguments, "--format", "csv", "--output", "out", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "NVIDIA T4: 2 of 2 networks are beaten by none at both" in " ".join(done.out.split())
    assert (tmp_path / "out" / "pareto.csv").read_text(encoding="utf-8").count("resnet18") == 2


def test_bad_input_is_told_before_anything_is_analysed(tmp_path: Path):
    (tmp_path / "mine.csv").write_text("network,accuracy\nresnet18,70\n", encoding="utf-8")

    assert "lacks the columns model and top1" in memprof("pareto", "--accuracy", "mine.csv", cwd=tmp_path).error
    assert "no such file" in memprof("pareto", "--accuracy", "gone.csv", cwd=tmp_path).error.lower()
    assert "v100" in memprof("pareto", "--device", "v100", "--precision", "tf32", cwd=tmp_path).error
    assert "no accuracy of nothing*" in memprof("pareto", "--model", "nothing*", cwd=tmp_path).error


def test_json_alone_is_printed(tmp_path: Path):
    done = memprof("pareto", "--model", "resnet18", "--batch-size", "2", "--jobs", "1", "--json", cwd=tmp_path)

    assert json.loads(done.out)["schema"] == "memprof.frontier/1"
    assert list(tmp_path.iterdir()) == []
