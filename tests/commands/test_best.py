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
    assert "Nothing in these results" in memprof("best", "--above", "82", cwd=tmp_path).out
    above = memprof("best", "--above", "65", "--format", "csv", cwd=tmp_path)  # ResNet-18 has about 70 %
    assert [line.split(",")[:2] for line in above.out.splitlines()[1:]] == [
        ["resnet18", "a100-sxm4-40gb"],
        ["resnet18", "t4"],
    ]
    (tmp_path / "own.csv").write_text("model,top1\nResNet18,12.5\n", encoding="utf-8")
    own = memprof("best", "--accuracy", "own.csv", "--format", "csv", cwd=tmp_path)
    assert own.out.splitlines()[1].startswith("resnet18,a100-sxm4-40gb,12.5,8,")
    assert "nowhere holds no results" in memprof("query", "select 1", "--results", "nowhere", cwd=tmp_path).error
