"""`memprof reproduce` as people run it."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import memprof


def test_an_unknown_paper_is_told_before_anything_is_analysed(tmp_path: Path):
    error = memprof("reproduce", "convnext", cwd=tmp_path).error

    assert error == "error: no paper 'convnext' to reproduce; did you mean inceptionnext?"
    assert list(tmp_path.iterdir()) == []
