"""memprof sweep as people run it: what is printed, and what is refused before anything runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from memprof.errors import SweepError
from memprof.sweeps import extra
from tests.command_line import memprof


def test_a_sweep_says_what_it_wrote_and_a_second_that_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(
        'models = ["resnet18"]\ndevices = ["t4", "a100"]\nprecision = ["tf32"]\nresolution = 64\n', encoding="utf-8"
    )
    first = memprof("sweep", "sweep.toml", "--jobs", "0", cwd=tmp_path)
    assert (first.code, first.err) == (0, "")
    assert first.out == ("Written: 2 rows in one file of results\n1 of them has no figure; `failed_because` says why\n")
    again = memprof("sweep", "sweep.toml", cwd=tmp_path)
    assert again.out == "Nothing is missing: results has all 2 rows.\n"


def test_mistakes_are_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text('model = ["resnet51"]\ndevices = ["h1000"]\n', encoding="utf-8")
    result = memprof("sweep", "sweep.toml", cwd=tmp_path)
    assert result.error.startswith("error: sweep.toml has 3 problems: unknown key 'model': did you mean models")
    assert not (tmp_path / "results").exists()
    (tmp_path / "sweep.toml").write_text('models = ["resnet18"]\ndevices = ["t4"]\n', encoding="utf-8")
    both = memprof("sweep", "sweep.toml", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1", cwd=tmp_path)
    assert "--jobs is of this machine" in both.error
    nobody = memprof("sweep", "sweep.toml", "--scheduler", "nonsense://127.0.0.1:1", cwd=tmp_path)
    assert "cannot reach a Dask scheduler at nonsense://127.0.0.1:1" in nobody.error


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(
        SweepError, match=r"this needs dask, which is not installed; run `pip install memprof\[sweep\]`"
    ):
        extra.require("dask", "json")
