"""Tasks in processes: every task has its answer or a reason, whatever happens to the process that had it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing import connection

import pytest

from memprof.validation.processes import DIED, Failure, in_processes


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
    found = dict(in_processes(square_or_worse, tasks, jobs))

    assert found == {
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
    assert list(in_processes(square_or_worse, [], 2)) == []


def test_who_leaves_early_leaves_no_process_behind():
    before = set(multiprocessing.active_children())
    answers = in_processes(square_or_worse, list(range(20)), 2)
    next(answers)
    started = set(multiprocessing.active_children()) - before
    answers.close()

    assert started
    assert all(connection.wait([process.sentinel], 30) for process in started)  # is_alive races with who reaps them
