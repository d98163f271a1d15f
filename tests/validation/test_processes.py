"""Tasks in processes: every task has its answer or a reason, whatever happens to the process that had it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing import connection
from pathlib import Path

import pytest

from memprof.validation.processes import DIED, Failure, map_in_processes


def square_or_worse(task: int) -> int:
    """Square a number; 13 kills its process, a negative number is refused."""
    print("this goes to standard error")
    if task == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if task < 0:
        raise ValueError(f"{task} is\nnegative")
    return task * task


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_has_its_answer_and_a_death_costs_one(jobs: int, capfd: pytest.CaptureFixture[str]):
    tasks = [1, 2, 13, 3, -4, 5, 6]
    answers = dict(map_in_processes(square_or_worse, tasks, jobs))

    assert answers == {
        0: 1,
        1: 4,
        2: Failure(DIED),
        3: 9,
        4: Failure("ValueError: -4 is negative"),
        5: 25,
        6: 36,
    }
    assert capfd.readouterr().out == ""


def test_nothing_to_do():
    assert list(map_in_processes(square_or_worse, [], 2)) == []


def test_who_leaves_early_leaves_no_process_behind():
    before = set(multiprocessing.active_children())
    answers = map_in_processes(square_or_worse, list(range(20)), 2)
    next(answers)
    started = set(multiprocessing.active_children()) - before
    answers.close()

    assert started
    assert all(connection.wait([process.sentinel], 30) for process in started)  # is_alive races with who reaps them


BARE = """
from pathlib import Path
from memprof.errors import MemprofError
from memprof.validation.prediction import validate
from memprof.validation.tables import read_table

try:
    print(len(validate(read_table(Path("rows.csv"))).predicted), "predicted")
except MemprofError as error:
    print(f"{type(error).__name__}: {error}")
"""
ROWS = """device,dtype,layout,batch,resolution,phase,model,images_per_second
a100,tf32,nchw,2,64,infer,resnet18,1000
"""


def run_script(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    (folder / "mine.py").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "mine.py"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_script_that_lets_new_processes_in_is_told_what_to_write(tmp_path: Path) -> None:
    done = run_script(tmp_path, BARE)
    assert done.stdout == (
        f"ProcessError: a process that is to analyse models died as it started: it reads {tmp_path / 'mine.py'} first, "
        'as if that were imported; in a script of yours, put what it runs under `if __name__ == "__main__":`; '
        "else memory may have run out\n"
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_script_that_does_as_it_was_told_works(tmp_path: Path) -> None:
    lines = BARE.splitlines()
    first = lines.index("try:")
    guarded = [*lines[:first], 'if __name__ == "__main__":', *(f"    {line}" for line in lines[first:])]
    done = run_script(tmp_path, "\n".join(guarded))
    assert (done.stdout, done.stderr) == ("1 predicted\n", "")
