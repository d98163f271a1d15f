"""What a terminal is sent: as wide as it is, escapes only where it takes them; and words and modules on request."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import memprof

SMALL = ("roofline", "resnet18", "--batch-size", "2", "--resolution", "64", "--what-if", "none", "--format", "json")
COMMANDS = (
    (*SMALL, "--depth", "2"),
    ("devices", "show", "a100"),
    ("models",),
    ("compare", "--model", "resnet18", "--batch-size", "2", "--format", "json"),
    ("roofline", "--explain", "bound"),
    ("roofline", "resnet18", "--batch-size", "-1"),
)


def in_terminal(arguments: tuple[str, ...], folder: Path, width: int, **settings: str) -> str:
    """Run memprof in a terminal of its own, standard output and error, and return what it was sent."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(width), **settings}
    running = subprocess.Popen(
        [sys.executable, "-m", "memprof", *arguments],
        cwd=folder,
        env={name: value for name, value in environment.items() if value},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    sent = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        sent += piece
    os.close(ours)
    running.wait()
    return sent.decode()


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_no_color_keeps_every_escape_away(arguments: tuple[str, ...], tmp_path: Path) -> None:
    sent = in_terminal(arguments, tmp_path, 80, NO_COLOR="1")
    assert sent.strip()
    assert "\x1b" not in sent


def test_a_terminal_that_takes_colours_has_them(tmp_path: Path) -> None:
    assert "\x1b[" in in_terminal(SMALL, tmp_path, 80, NO_COLOR="")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("arguments", COMMANDS[:5], ids=lambda arguments: " ".join(arguments[:2]))
def test_pipes_are_plain_and_as_wide_as_asked_for(arguments: tuple[str, ...], width: int, tmp_path: Path) -> None:
    done = memprof(*arguments, cwd=tmp_path, COLUMNS=str(width))
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    lines = [line for line in done.out.splitlines() if not line.startswith("Written: ")]
    assert [line for line in lines if len(line) > width] == []


def test_modules_are_a_tree_whose_times_add_up(tmp_path: Path) -> None:
    done = memprof(*SMALL, "--depth", "2", cwd=tmp_path, COLUMNS="100")
    tree = done.out.partition("By module")[2].partition("Coverage")[0].splitlines()
    times = {match[1]: float(match[2]) for line in tree if (match := re.match(r" (\s*\S+)\s+([\d.]+)\s", line))}
    assert times["layer1"] == pytest.approx(times["  0"] + times["  1"], rel=0.02) or len(times) > 5
    assert [line.split()[0] for line in tree[2:5]] != []


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("ridge point", "where a slanted roof meets a flat one".replace("where", "at which")),
        ("Issue", "rate at which instructions are issued"),
        ("matrix cores", "only multiply matrices"),
        ("least ms", "least time that the device's ceilings allow"),
    ],
)
def test_a_word_is_explained(word: str, says: str, tmp_path: Path) -> None:
    done = memprof("roofline", "--explain", word, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert says in " ".join(done.out.split())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_word_names_near_ones(tmp_path: Path) -> None:
    done = memprof("roofline", "--explain", "isue", cwd=tmp_path)
    assert done.code == 2
    assert "did you mean issue" in done.err
