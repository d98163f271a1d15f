"""Whoever writes files may be killed at any step that touches their folder: the files are all old or all new."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memprof.files import read_file
from memprof.journal import hold
from tests.killed_writers import WRITERS
from tests.source_tree import ROOT


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What every writer left that was killed at every step, by the writers' names."""
    command = [sys.executable, "-m", "tests.killed_writers", str(tmp_path_factory.mktemp("killed"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {told["writer"]: told for told in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_that_is_killed_at_any_step_leaves_old_or_new(
    writer: str, deaths: dict[str, dict[str, object]]
) -> None:
    told = deaths[writer]
    assert told["each"], "each file is whole without anybody's help"
    assert told["all"], "they belong together once the folder was put in order"
    assert isinstance(told["kills"], int)
    assert told["kills"] > 8


def test_who_reads_takes_back_what_was_cut_short(tmp_path: Path) -> None:
    """The journal as a writer leaves it that was killed between two renames."""
    (tmp_path / "a.txt").write_bytes(b"new a")
    (tmp_path / "b.txt").write_bytes(b"old b")
    (tmp_path / "c.txt").write_bytes(b"new c")
    kept = {"new/b.txt": b"new b", "old/a.txt": b"old a", "old/b.txt": b"old b", "absent/c.txt": b""}
    for name, text in kept.items():
        path = tmp_path / ".memprof-undo-x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    assert read_file(tmp_path / "b.txt") == b"old b"
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "b.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"old a"


def test_who_holds_a_folder_clears_away_what_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / ".memprof-aside-x" / "new").mkdir(parents=True)
    with hold(tmp_path):
        assert os.listdir(tmp_path) == []
