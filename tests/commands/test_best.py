"""memprof query and memprof best as people run them."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import memprof
from tests.sweeps.sets import row, write


def test_questions_and_mistakes(tmp_path: Path) -> None:
    write(tmp_path / "results", [[row("resnet18", "t4", 8, 0.004), row("resnet18", "a100-sxm4-40gb", 8, 0.001)]])
    asked = memprof("query", "select device from results order by seconds", "--format", "csv", cwd=tmp_path)
    assert (asked.code, asked.out, asked.err) == (0, "device\na100-sxm4-40gb\nt4\n", "")
    found = memprof("best", "--latency", "2ms", "--format", "csv", cwd=tmp_path)
    assert found.out.splitlines()[1].startswith("resnet18,a100-sxm4-40gb,8,8000.0,tf32,8,224,")
    assert "Binder Error" in memprof("query", "select nothing from results", cwd=tmp_path).error
    assert (
        "'10' is no time; write a number and one of us, ms, s" in memprof("best", "--latency", "10", cwd=tmp_path).error
    )
    assert "--above needs --accuracy" in memprof("best", "--above", "82", cwd=tmp_path).error
    assert "nowhere holds no results" in memprof("query", "select 1", "--results", "nowhere", cwd=tmp_path).error
