"""Measuring processes that misbehave in ways in which real ones hardly do: silence, nonsense, impossible figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from memprof.gate.measured import processes
from memprof.gate.measured.plan import Plan
from memprof.gate.measured.processes import MeasuringError, Process
from memprof.gate.measured.protocol import Answer, Job, Order, Side, to_answer, to_line, to_order, to_side

JOB = Job("net.py:build", "infer", 2, None, "fp32", "channels-first")


@pytest.fixture
def pretending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what makes a process that runs the given code in place of measuring."""

    def make(code: str, answer_seconds: float = 60.0) -> Process:
        (tmp_path / "pretended.py").write_text(f"import json, sys, time\n{code}\n", encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(processes, "_MODULE", "pretended")
        return Process("base", Side(str(tmp_path)), Plan(answer_seconds=answer_seconds), tmp_path / "log")

    return make


SILENT, SILENCE = 0.2, "time.sleep(60)"


def saying(line: str) -> str:
    """Return code that says a line and then nothing."""
    return f"print({line!r}, flush=True); {SILENCE}"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (SILENCE, "base: the measuring process has not answered for 0.2 seconds"),
        (saying("hello"), "base: the measuring process answers nonsense: b'hello'"),
        (saying('{"seconds": [0.1, 0.0]}'), "base: a step took 0.0 seconds, which cannot be"),
        (saying('{"seconds": [-1]}'), "base: a step took -1.0 seconds, which cannot be"),
        (saying('{"error": "no"}'), "base: no"),
        ("sys.exit('no torch here')", "base: the measuring process died, exit code 1: no torch here"),
    ],
)
def test_what_misbehaves_is_told(pretending, code: str, said: str):
    with pretending(code, answer_seconds=SILENT if code == SILENCE else 60.0) as process:
        with pytest.raises(MeasuringError) as error:
            process.receive()
        assert error.value.what == said


def test_answers_come_line_by_line_however_they_arrive(pretending):
    code = (
        "for part in ('{\"sec', 'onds\": [0.5]}\\n{\"resolution\": 7}\\n'):\n"
        "    sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.05)\n"
        "time.sleep(60)"
    )
    with pretending(code) as process:
        assert process.receive() == Answer(seconds=(0.5,))
        assert process.receive() == Answer(resolution=7)


def test_leaving_kills(pretending):
    with pretending("print('{}', flush=True); time.sleep(60)") as process:
        process.receive()
    assert process._process.poll() == -9


def test_records_survive_the_pipe():
    side, order = Side("/a", "/b", 3), Order(job=JOB, steps=2)
    answer = Answer((0.5,), 7, "no", {"clock": "wall time"})

    assert to_side(to_line(side)) == side
    assert to_order(to_line(order)) == order
    assert to_answer(to_line(answer)) == answer
    assert all(to_line(record).count(b"\n") == 1 for record in (side, order, answer))
