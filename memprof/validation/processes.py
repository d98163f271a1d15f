"""Work done in processes: results by task, a process that dies costs its own task only, Ctrl-C ends all at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

DIED = "the process that analysed it died; it may have run out of memory"
_AHEAD = 2
"""Tasks handed out per process, so that none waits for the next."""
_MOST_DEATHS = 20
"""After so many deaths something else is wrong, and the tasks that are left are not tried."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task has no answer."""

    reason: str


def in_processes(
    work: Callable[[Task], Answer], tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[int, Answer | Failure]]:
    """Yield (index of the task, work(task)), as they get done, from up to `jobs` processes at a time.

    `work` is a function of a module, and tasks and answers can be pickled. What `work` raises, or the death of its
    process, is a Failure of that task. Processes are started afresh, so that nothing of this one reaches them. When the
    caller leaves early, by Ctrl-C too, they are killed.
    """
    waiting = deque(range(len(tasks)))
    deaths = 0
    while waiting and deaths < _MOST_DEATHS:
        suspects: list[int] = []
        yield from _until_one_dies(work, tasks, waiting, jobs, suspects)
        for index in sorted(suspects):  # nobody knows which of them it was: each gets a process of its own
            again: list[int] = []
            yield from _until_one_dies(work, tasks, deque([index]), 1, again)
            if again:
                deaths += 1
                yield index, Failure(DIED)
    for index in waiting:
        yield index, Failure(f"not tried: {deaths} processes died before")


def _until_one_dies(
    work: Callable[[Task], Answer], tasks: Sequence[Task], waiting: deque[int], jobs: int, suspects: list[int]
) -> Iterator[tuple[int, Answer | Failure]]:
    """Do the tasks whose indices are `waiting` until they are done, or a process dies: `suspects` were under way."""
    running: dict[Future[Answer], int] = {}
    with _pool(min(jobs, len(waiting))) as pool:
        while waiting or running:
            while waiting and len(running) < _AHEAD * jobs and not suspects:
                index = waiting.popleft()
                try:
                    with _interrupt_held():  # a process inherits this, and Ctrl-C is the parent's business
                        running[pool.submit(work, tasks[index])] = index
                except BrokenProcessPool:
                    suspects.append(index)
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                index, error = running.pop(done), done.exception()
                if isinstance(error, BrokenProcessPool):
                    suspects.append(index)
                elif error is not None:
                    message = " ".join(str(error).split())
                    yield index, Failure(f"{type(error).__name__}: {message}" if message else type(error).__name__)
                else:
                    yield index, done.result()
            if suspects and not running:
                return


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException:
        with _interrupt_held():
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _begin() -> None:
    """Prepare a new process: one thread, nothing on standard output, and an end when its parent ends."""
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    from multiprocessing.connection import wait as wait_for

    wait_for([sentinel])
    os._exit(1)


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Let Ctrl-C wait; processes started meanwhile never see it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
