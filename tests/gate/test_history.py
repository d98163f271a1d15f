"""The history of accepted figures: what goes in comes out, and no foreign file is touched."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from memprof.errors import GateError
from memprof.gate.history import Commit, append, find_commit, read
from memprof.gate.records import BASELINE_SCHEMA, Baseline, Entry, Figures, GateWorkload

FIGURES = Figures(10, 2e9, 1e9, 3e6, 4e6, 5e6, 7, 1e-3, 128000.0, 9e6, 1.0, {"dram": 0.75, "l1": 0.25})
WORKLOAD = GateWorkload("resnet50", "infer", "a100", 128, 224, "tf32", "channels-last")
FIRST, SECOND = Commit("a" * 40, "2026-01-01T00:00:00+00:00"), Commit("b" * 40, "2026-01-02T00:00:00+00:00")


def baseline(*figures: Figures) -> Baseline:
    phases = ("infer", "train")
    entries = tuple(
        Entry(replace(WORKLOAD, phase=phase), item, ()) for phase, item in zip(phases, figures, strict=False)
    )
    return Baseline(BASELINE_SCHEMA, "0.1.0", 3, {}, entries)


def test_what_goes_in_comes_out_in_order_of_commits(tmp_path: Path):
    file = tmp_path / "history.sqlite"
    append(file, baseline(replace(FIGURES, seconds=2e-3)), SECOND)
    append(file, baseline(FIGURES, FIGURES), FIRST)
    found = read(file)
    assert [(item.commit, item.workload.phase, item.figures.seconds) for item in found] == [
        (FIRST, "infer", 1e-3),
        (FIRST, "train", 1e-3),
        (SECOND, "infer", 2e-3),
    ]
    assert found[0].figures == FIGURES
    assert found[0].workload == WORKLOAD
    assert (found[0].memprof, found[0].cost_model) == ("0.1.0", 3)


def test_a_commit_that_accepts_again_replaces(tmp_path: Path):
    file = tmp_path / "history.sqlite"
    append(file, baseline(FIGURES), FIRST)
    append(file, baseline(replace(FIGURES, launches=8)), FIRST)
    (only,) = read(file)
    assert only.figures.launches == 8


def test_the_history_of_an_earlier_memprof_goes_on(tmp_path: Path):
    """Its workloads had no inputs; what it accepted is kept, and another workload of that commit stands beside it."""
    file = tmp_path / "history.sqlite"
    append(file, baseline(FIGURES), FIRST)
    with closing(sqlite3.connect(file)) as database:
        (text,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'accepted'").fetchone()
        kept = [row[1] for row in database.execute("PRAGMA table_info(accepted)") if row[1] != "inputs"]
        database.execute("ALTER TABLE accepted RENAME TO newer")
        database.execute(text.replace("inputs NOT NULL,", "").replace(", inputs)", ")"))
        database.execute(f"INSERT INTO accepted ({', '.join(kept)}) SELECT {', '.join(kept)} FROM newer")
        database.execute("DROP TABLE newer")
        database.commit()
        assert "inputs" not in [row[1] for row in database.execute("PRAGMA table_info(accepted)")]
    assert [item.workload for item in read(file)] == [WORKLOAD]
    other = Entry(replace(WORKLOAD, inputs="2x77:int64"), FIGURES, ())
    append(file, replace(baseline(FIGURES), entries=(other,)), FIRST)
    assert [item.workload.inputs for item in read(file)] == ["", "2x77:int64"]


def test_no_history_is_told(tmp_path: Path):
    with pytest.raises(GateError, match="there is no history"):
        read(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be taken for one" * 20, b"x"])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: bytes):
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    for use in (lambda: append(file, baseline(FIGURES), FIRST), lambda: read(file)):
        with pytest.raises(GateError, match=r"notes\.txt"):
            use()
    assert file.read_bytes() == content


def test_a_database_of_something_else_is_left_alone(tmp_path: Path):
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE things (name)")
    before = file.read_bytes()
    with pytest.raises(GateError, match="is a database of something else"):
        append(file, baseline(FIGURES), FIRST)
    assert file.read_bytes() == before


def test_a_truncated_history_is_told(tmp_path: Path):
    file = tmp_path / "history.sqlite"
    append(file, baseline(FIGURES), FIRST)
    file.write_bytes(file.read_bytes()[:1500])
    with pytest.raises(GateError, match="cannot use the history"):
        read(file)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("seconds", "1" * 400), ("seconds", -1.0), ("cost_model", "9" * 400), ("batch_size", b"8"), ("model", 3)],
        *[("bound_shares", '{"dram": 1' + "0" * 400 + "}"), ("bound_shares", "[" * 100_000)],
    ],
)
def test_a_figure_that_is_none_is_told(tmp_path: Path, column: str, value: object):
    file = tmp_path / "history.sqlite"
    append(file, baseline(FIGURES), FIRST)
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE accepted SET {column} = ?", [value])
    with pytest.raises(GateError, match=r"is damaged: .*; remove it and begin anew"):
        read(file)


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    return subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_commit_is_git_s(tmp_path: Path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    found = find_commit(tmp_path)
    assert found.name == git(tmp_path, "rev-parse", "HEAD").strip()
    assert found.moment == git(tmp_path, "log", "-1", "--format=%cI").strip()
    git(tmp_path, "checkout", "-q", "--detach")
    assert find_commit(tmp_path) == found
    with pytest.raises(GateError, match="does not know the commit 'nowhere'"):
        find_commit(tmp_path, "nowhere")


def test_outside_a_repository_the_commit_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(GateError, match="name one with --commit"):
        find_commit(tmp_path)
