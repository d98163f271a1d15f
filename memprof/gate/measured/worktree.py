"""The code of another commit beside today's: a git worktree in a temporary folder, removed whatever happens.

Not GitPython: it starts the same git, and leaves to its caller what must hold here: a tidy repository after Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from memprof.errors import GateError, did_you_mean

_SHORT = 10
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
"""What git sets for its hooks, and what would lead it to another repository or index than that of the folder."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Two checkouts: `base` and `head` are folders that hold the same part of the repository, at two commits.

    The names say which commits these are, in words. What processes say goes into the folder `logs`.
    """

    base: Path
    head: Path
    logs: Path
    base_name: str
    head_name: str


@contextmanager
def check_out(folder: Path, ref: str) -> Iterator[Sides]:
    """Check `ref` out beside the checkout that `folder` lies in, as long as entered.

    A branch that is not there under this name is looked for at the remote called origin. GateError where there is no
    such commit, no repository or no git.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel"))
    inner = folder.resolve().relative_to(top.resolve())
    name, commit = _resolve(top, ref)
    head_name = _head_name(top)
    with _interrupt_on_termination(), _temporary_folder() as temporary:
        base = temporary / "base"
        try:
            _git(top, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach", str(base), commit)
            if not (base / inner).is_dir():
                raise GateError(f"there is no folder {inner} at {name}", "there is nothing to measure against")
            yield Sides(base / inner, top / inner, temporary, f"{name} ({commit[:_SHORT]})", head_name)
        finally:
            with _hold_interrupts():
                _remove(top, base)


def _resolve(top: Path, ref: str) -> tuple[str, str]:
    """Return the name under which `ref` is there, and the commit that it names."""
    if ref and not ref.startswith("-"):
        for name in (ref, f"origin/{ref}"):
            done = _run(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            if done.returncode == 0:
                return name, done.stdout.strip()
    if _git(top, "rev-parse", "--is-shallow-repository") == "true":
        raise GateError(
            f"there is no commit {ref!r} in this clone, which is shallow",
            f"fetch it: `git fetch --depth=1 origin {ref}:refs/remotes/origin/{ref}`, or on GitHub give "
            "actions/checkout `fetch-depth: 0`",
        )
    names = _git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes").split()
    raise GateError(f"there is no commit {ref!r} in this repository", did_you_mean(ref, names))


def _head_name(top: Path) -> str:
    commit = _git(top, "rev-parse", "--verify", "HEAD")[:_SHORT]
    changed = _git(top, "status", "--porcelain", "--untracked-files=no")
    return f"{commit} with uncommitted changes" if changed else commit


def _remove(top: Path, base: Path) -> None:
    """Remove a worktree, or what there is of it where adding it was interrupted."""
    with suppress(GateError):  # the repository itself is gone
        _run(top, "worktree", "remove", "--force", "--force", str(base))
        shutil.rmtree(base, ignore_errors=True)
        _run(top, "worktree", "prune")


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="memprof-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def _git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints; GateError with git's own words where it fails."""
    done = _run(folder, *arguments)
    if done.returncode:
        message = " ".join(done.stderr.split())
        raise GateError(
            f"git cannot tell what to measure against in {folder}: {message}",
            "measuring against a commit needs a git checkout of the repository",
        )
    return done.stdout.strip()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**plain, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        what = f"there is no folder {folder}" if not folder.is_dir() else "git is not installed"
        raise GateError(what, "measuring against a commit needs a git checkout and the command git") from error


@contextmanager
def _interrupt_on_termination() -> Iterator[None]:
    """Take a request to end (SIGTERM, as CI systems send it) for a Ctrl-C, so that everything is tidied up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _hold_interrupts() -> Iterator[None]:
    """Let a second Ctrl-C wait until all is tidied up."""
    # Not ignored, as where files are renamed: git inherits a block and cannot lift it by handling the signal itself.
    signals = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
