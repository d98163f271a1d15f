"""`memprof measure --suite` as people run it, on this machine's processor."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.command_line import memprof


def test_a_few_seconds_of_the_suite_give_files_that_validation_reads(tmp_path: Path):
    done = memprof("measure", "--suite", "--minutes", "0.1", "--output", "out", cwd=tmp_path)

    assert done.code == 0, done.err
    assert "no time was left" in done.out
    text = (tmp_path / "out" / "kernels.csv").read_text(encoding="utf-8")
    assert {row["device"] for row in csv.DictReader(io.StringIO(text))} == {"host"}
    # The kernels are known: what is missing is this machine's ceilings.
    read = memprof("validate", "--kernels", "out/kernels.csv", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    assert "this machine has not been measured yet" in read.error


def test_bad_input_is_told_before_anything_is_timed(tmp_path: Path):
    assert "leave the models out" in memprof("measure", "--suite", "resnet50", cwd=tmp_path).error
    assert "are no time for the suite" in memprof("measure", "--suite", "--minutes", "0", cwd=tmp_path).error
    assert "there is no CUDA device here" in memprof("measure", "--suite", "--device", "cuda", cwd=tmp_path).error
    assert "missing option '--model'" in memprof("measure", cwd=tmp_path).error
