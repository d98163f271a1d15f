"""Another commit beside today's: found under the names that people use, and gone afterwards whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memprof.errors import GateError
from memprof.gate.measured.worktree import check_out
from tests.gate.measured.repositories import commit, git, make, worktrees


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, the first of which has the tag v1; what is measured lies in a folder of it."""
    folder = make(tmp_path / "repo", net="before")
    (folder / "models").mkdir()
    commit(folder, "models", **{"models/net": "before"})
    git(folder, "tag", "v1")
    commit(folder, "second", net="after", **{"models/net": "after"})
    return folder


def read(folder: Path, name: str = "net.py") -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_both_sides_are_there_and_afterwards_one(repository: Path):
    with check_out(repository, "v1") as sides:
        base = sides.base
        assert (read(sides.base), read(sides.head)) == ("before", "after")
        assert sides.head == repository.resolve()
        assert sides.base_name == f"v1 ({git(repository, 'rev-parse', 'v1')[:10]})"
        assert sides.head_name == git(repository, "rev-parse", "HEAD")[:10]
        assert worktrees(repository) == 2

    assert not base.exists()
    assert worktrees(repository) == 1
    assert git(repository, "status", "--porcelain") == ""


def test_a_folder_of_the_repository_has_its_counterpart(repository: Path):
    with check_out(repository / "models", "HEAD~1") as sides:
        assert read(sides.base) == "before"
        assert sides.head == repository.resolve() / "models"


def test_a_folder_that_the_base_lacks_is_told(repository: Path):
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    with pytest.raises(GateError, match="there is no folder models at"), check_out(repository / "models", first):
        pass
    assert worktrees(repository) == 1


def test_uncommitted_changes_are_the_heads(repository: Path):
    (repository / "net.py").write_text("in the making", encoding="utf-8")
    with check_out(repository, "HEAD") as sides:
        assert (read(sides.base), read(sides.head)) == ("after", "in the making")
        assert sides.head_name.endswith(" with uncommitted changes")
    assert read(repository) == "in the making"


def test_a_detached_head_is_as_good(repository: Path):
    git(repository, "checkout", "--quiet", "--detach")
    with check_out(repository, "main~1") as sides:
        assert (read(sides.base), read(sides.head)) == ("before", "after")


def test_a_branch_that_only_the_remote_has_is_found(repository: Path, tmp_path: Path):
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "--quiet", "--detach")
    git(clone, "branch", "--quiet", "--delete", "--force", "main")
    with check_out(clone, "main") as sides:
        assert sides.base_name.startswith("origin/main (")


@pytest.mark.parametrize("ref", ["mian", "", "--detach", "0" * 40])
def test_a_missing_commit_is_told(repository: Path, ref: str):
    with pytest.raises(GateError, match="there is no commit") as error, check_out(repository, ref):
        pass
    assert "main" in error.value.remedy
    assert worktrees(repository) == 1


def test_a_shallow_clone_is_told_what_to_fetch(repository: Path, tmp_path: Path):
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")
    with pytest.raises(GateError, match="shallow") as error, check_out(tmp_path / "shallow", "v1"):
        pass
    assert "git fetch --depth=1 origin v1" in error.value.remedy
    assert "fetch-depth: 0" in error.value.remedy


def test_what_was_fetched_into_a_shallow_clone_is_there(repository: Path, tmp_path: Path):
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")
    git(tmp_path / "shallow", "fetch", "--quiet", "--depth=1", "origin", "v1:refs/remotes/origin/v1")
    with check_out(tmp_path / "shallow", "v1") as sides:
        assert (read(sides.base), read(sides.head)) == ("before", "after")


def test_no_repository_and_no_folder_are_told(tmp_path: Path):
    with pytest.raises(GateError, match="not a git repository"), check_out(tmp_path, "HEAD"):
        pass
    with pytest.raises(GateError, match="there is no folder"), check_out(tmp_path / "none", "HEAD"):
        pass


def test_no_git_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GateError, match="git is not installed"), check_out(repository, "HEAD"):
        pass


def test_a_repository_without_a_commit_is_told(tmp_path: Path):
    git(tmp_path, "init", "--quiet")
    with pytest.raises(GateError, match="there is no commit 'HEAD'"), check_out(tmp_path, "HEAD"):
        pass


def test_what_git_sets_for_its_hooks_leads_nowhere_else(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = make(tmp_path / "other", net="of another repository")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    with check_out(repository, "v1") as sides:
        assert read(sides.base) == "before"
    monkeypatch.undo()
    assert worktrees(other) == 1


def test_hooks_do_not_run(repository: Path):
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository}/hook-ran\n", encoding="utf-8")
    hook.chmod(0o755)
    with check_out(repository, "v1"):
        assert not (repository / "hook-ran").exists()


def test_an_error_within_leaves_nothing(repository: Path):
    with pytest.raises(RuntimeError, match="within"), check_out(repository, "v1") as sides:
        raise RuntimeError("within")
    assert not sides.base.exists()
    assert worktrees(repository) == 1


def test_a_repository_that_vanishes_meanwhile_hides_no_error(repository: Path):
    def vanish() -> None:
        shutil.rmtree(repository)
        raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"), check_out(repository, "v1"):
        vanish()


WAITING = """
import sys, time
from pathlib import Path
from memprof.gate.measured.worktree import check_out

try:
    with check_out(Path(sys.argv[1]), "v1"):
        print("ready", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(repository: Path, tmp_path: Path, number: signal.Signals):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, str(repository)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert worktrees(repository) == 2
    assert list(temporary.iterdir())

    process.send_signal(number)
    said, _ = process.communicate(timeout=60)

    assert said == "interrupted\n"
    assert worktrees(repository) == 1
    assert list(temporary.iterdir()) == []
