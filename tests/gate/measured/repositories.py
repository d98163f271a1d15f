"""Small git repositories to measure in."""

from __future__ import annotations

import subprocess
from pathlib import Path

NET = """
from torch import nn


def build():
    print("a model may print")
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))
"""
_WHO = ("-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    done = subprocess.run(["git", *_WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make(folder: Path, **files: str) -> Path:
    """Make a repository with a branch `main` whose one commit holds files, by name without `.py`."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "first", **files)
    return folder


def commit(folder: Path, message: str, **files: str) -> str:
    """Write files, commit everything, and return the commit's name."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def worktrees(folder: Path) -> int:
    """Count the worktrees that a repository knows."""
    return len(git(folder, "worktree", "list").splitlines())
