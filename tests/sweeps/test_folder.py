"""The folder of a set: whose it is, and that nothing in it is ever half-written or mixed."""

from __future__ import annotations

import json
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from memprof.errors import OutputError, SweepError
from memprof.sweeps.engine import InThisProcess
from memprof.sweeps.folder import MANIFEST, Manifest, open_folder
from memprof.sweeps.reading import read_sweep
from memprof.sweeps.run import Outcome, run

OF = Manifest("memprof.sweep-set/1", {"memprof": "1", "torch": "2"}, {"models": ("one",), "batch_size": (1,)}, 3, 30)


def refusal(path: Path, manifest: Manifest) -> str:
    with pytest.raises(SweepError) as caught, open_folder(path, manifest):
        pass
    return str(caught.value)


def test_what_is_there_is_gone_on_with(tmp_path: Path) -> None:
    with open_folder(tmp_path / "deep" / "set", OF) as folder:
        folder.write(1, b"a part")
    with open_folder(tmp_path / "deep" / "set", OF) as folder:
        assert list(folder.missing()) == [0, 2]
    assert sorted(os.listdir(tmp_path / "deep" / "set")) == [".memprof-lock", "_set.json", "part-00001.parquet"]


def test_a_folder_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    with open_folder(tmp_path, OF):
        pass
    before = (tmp_path / MANIFEST).read_bytes()
    assert "of another version (memprof.sweep-set/1, not memprof.sweep-set/2)" in refusal(
        tmp_path, replace(OF, schema="memprof.sweep-set/2")
    )
    assert "was begun with memprof 1, torch 2; this is memprof 1, torch 3" in refusal(
        tmp_path, replace(OF, made_with={"memprof": "1", "torch": "3"})
    )
    assert "results of something else: models differ" in refusal(
        tmp_path, replace(OF, asked={"models": ("one", "two"), "batch_size": (1,)})
    )
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    assert "set.json is damaged" in refusal(tmp_path, OF)
    (tmp_path / MANIFEST).unlink()
    (tmp_path / "own.parquet").touch()
    assert "holds Parquet files that are no set of memprof" in refusal(tmp_path, OF)
    assert json.loads(before)["parts"] == 3


def test_one_process_at_a_time_adds_to_a_folder(tmp_path: Path) -> None:
    with open_folder(tmp_path, OF):
        assert "another process is adding to" in refusal(tmp_path, OF)
    with open_folder(tmp_path, OF):
        pass


def test_a_full_disk_ends_the_sweep_and_leaves_what_was_finished(tmp_path: Path) -> None:
    """A file of more than 4,000 bytes cannot be written, as if the disk were full: a part has about 6,000."""
    file, results = tmp_path / "sweep.toml", tmp_path / "results"
    file.write_text(
        'models = ["resnet18"]\ndevices = ["t4"]\nresolution = [32, 64]\nbatch_size = 2\n', encoding="utf-8"
    )
    asked = read_sweep(file)
    seen: list[tuple[int, int]] = []

    def show(done: int, before: int) -> None:
        seen.append((done, before))
        if done == 1:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, most))

    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OutputError, match=r"cannot write into .*results: File too large"):
            run(asked, results, InThisProcess, show)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert seen == [(0, 0), (1, 0)]
    assert sorted(os.listdir(results)) == [".memprof-lock", "_set.json", "part-00000.parquet"]
    assert run(asked, results, InThisProcess) == Outcome(parts=1, rows=1, failed=0, before=1)
    assert run(asked, results, InThisProcess) == Outcome(parts=0, rows=0, failed=0, before=2)
