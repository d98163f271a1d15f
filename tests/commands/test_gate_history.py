"""memprof gate history through its real entry point."""

from __future__ import annotations

from pathlib import Path

from memprof.gate.baseline import save_baseline
from memprof.gate.history import read
from tests.command_line import memprof
from tests.gate.test_history import FIGURES, baseline, git


def test_what_is_accepted_is_kept_under_the_commit_and_plotted(tmp_path: Path):
    (tmp_path / "memprof.toml").write_text('models = ["resnet50"]\n')
    save_baseline(tmp_path / "memprof-baseline.json", baseline(FIGURES))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    for message in ("one", "two"):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", message)
        done = memprof("gate", "history", "--output", "plots", "--metric", "dram_bytes", cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
    assert done.out.startswith("2 commits in memprof-history.sqlite\n")
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        "history.html",
        "history.json",
        "history.png",
    ]
    found = read(tmp_path / "memprof-history.sqlite")
    assert [item.figures for item in found] == [FIGURES, FIGURES]
    assert found[-1].commit.name == git(tmp_path, "rev-parse", "HEAD").strip()


def test_mistakes_are_told_and_leave_nothing(tmp_path: Path):
    (tmp_path / "memprof.toml").write_text('models = ["resnet50"]\n')
    assert "there is no baseline" in memprof("gate", "history", cwd=tmp_path).error
    save_baseline(tmp_path / "memprof-baseline.json", baseline(FIGURES))
    outside = {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    assert "name one with --commit" in memprof("gate", "history", cwd=tmp_path, **outside).error
    assert "no metric 'speed'" in memprof("gate", "history", "--metric", "speed", cwd=tmp_path).error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["memprof-baseline.json", "memprof.toml"]
