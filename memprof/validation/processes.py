"""Work done in processes: results by task, a process that dies costs its own task only, Ctrl-C ends all at once.

Not pebble: where it sees a death before the message of which task began, it blames another, or waits without end.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Event
from typing import TypeVar

from memprof.errors import MemprofError

Task = TypeVar("Task")
Answer = TypeVar("Answer")

DIED = "the process that analysed it died; it may have run out of memory"
_AHEAD = 2
"""Tasks handed out per process, so that none waits for the next."""
_OBJECTS_TO_COLLECT = 200_000
"""New objects after which garbage is looked for: a step's live until it is reported, and every look costs time."""
_MOST_DEATHS = 20
"""After so many deaths something else is wrong, and the tasks that are left are not tried."""


class ProcessError(MemprofError):
    """Processes for the work cannot be started."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task has no answer."""

    reason: str


def map_in_processes(
    work: Callable[[Task], Answer], tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[int, Answer | Failure]]:
    """Yield (index of the task, work(task)), as they get done, from up to `jobs` processes at a time.

    `work` is a function of a module, and tasks and answers can be pickled. What `work` raises, or the death of its
    process, is a Failure of that task. Processes are started afresh, so that nothing of this one reaches them. When the
    caller leaves early, by Ctrl-C too, they are killed. ProcessError where none of them gets to its first task.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        # A new process reads the script that started it, which got here because nothing in it keeps new processes
        # out. multiprocessing would refuse with a traceback; the process that is waiting for this one says it better.
        raise SystemExit(1)
    waiting = deque(range(len(tasks)))
    deaths = 0
    while waiting and deaths < _MOST_DEATHS:
        suspects: list[int] = []
        yield from _attempt(work, tasks, waiting, jobs, suspects)
        for index in sorted(suspects):  # nobody knows which of them it was: each gets a process of its own
            again: list[int] = []
            yield from _attempt(work, tasks, deque([index]), 1, again)
            if again:
                deaths += 1
                yield index, Failure(DIED)
    for index in waiting:
        yield index, Failure(f"not tried: {deaths} processes died before")


def _attempt(
    work: Callable[[Task], Answer], tasks: Sequence[Task], waiting: deque[int], jobs: int, suspects: list[int]
) -> Iterator[tuple[int, Answer | Failure]]:
    """Do the tasks whose indices are `waiting` until they are done, or a process dies: `suspects` were under way."""
    running: dict[Future[Answer], int] = {}
    context = multiprocessing.get_context("spawn")
    began = context.Event()
    with _pool(min(jobs, len(waiting)), context, began) as pool:
        while waiting or running:
            while waiting and len(running) < _AHEAD * jobs and not suspects:
                index = waiting.popleft()
                try:
                    with _hold_interrupt():  # a process inherits this, and Ctrl-C is the parent's business
                        running[pool.submit(work, tasks[index])] = index
                except BrokenProcessPool:
                    suspects.append(index)
            _check_start(suspects, began)
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
            _check_start(suspects, began)
            if suspects and not running:
                return


def _check_start(suspects: Sequence[int], began: Event) -> None:
    """Raise ProcessError where a process died before any had begun: no task is to blame."""
    if not suspects or began.is_set():
        return
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script is None:
        raise ProcessError("a process that is to analyse models died as it started", "it may have run out of memory")
    raise ProcessError(
        f"a process that is to analyse models died as it started: it reads {script} first, as if that were imported",
        'in a script of yours, put what it runs under `if __name__ == "__main__":`; else memory may have run out',
    )


@contextmanager
def _pool(processes: int, context: SpawnContext, began: Event) -> Iterator[ProcessPoolExecutor]:
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(began,))
    try:
        yield pool
    except BaseException:
        with _hold_interrupt():
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _begin(began: Event) -> None:
    """Prepare a new process: one thread, nothing on standard output, and an end when its parent ends."""
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    gc.set_threshold(_OBJECTS_TO_COLLECT)
    began.set()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    from multiprocessing.connection import wait as wait_for

    wait_for([sentinel])
    os._exit(1)


@contextmanager
def _hold_interrupt() -> Iterator[None]:
    """Let Ctrl-C wait; processes started meanwhile never see it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
