"""Where tasks are done: in this process, or by Dask, on this machine's cores or on a cluster's."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from memprof.errors import MemprofError, SweepError
from memprof.sweeps.extra import require

if TYPE_CHECKING:
    from distributed import Client, Future

DIED = "the process that analysed it died, also when nothing else was tried; it may have run out of memory"
_AHEAD = 256
"""Tasks handed out at a time, whatever there is to do: what a scheduler holds is as much for a million rows."""
_CONNECT_SECONDS, _ANSWER_SECONDS, _WORKERS_SECONDS = 10, 60, 60
_START_A_WORKER = "start some: `dask worker ADDRESS --nthreads 1`, with memprof[sweep] installed"

Work = Callable[[Any, Any], Any]
"""Does a task: a function of a module, of what all tasks share and of the task."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task has no answer."""

    reason: str


class Engine(Protocol):
    """Does tasks."""

    def map(self, work: Work, shared: Any, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each task with its answer, or the Failure that it has none, as they get done."""
        ...


def map_surely(
    engine: Engine, work: Work, shared: Any, tasks: Iterable[Any], split: Callable[[Any], Sequence[Any]]
) -> Iterator[tuple[Any, list[tuple[Any, Any]]]]:
    """Yield each task with its pieces and their answers: one piece, the task, or where it failed those of `split`.

    A piece is tried while nothing else is, so that it does not fail by another's fault.
    """
    suspects = []
    for task, answer in engine.map(work, shared, tasks):
        if isinstance(answer, Failure):
            suspects.append(task)
        else:
            yield task, [(task, answer)]
    for task in suspects:
        yield task, [pair for piece in split(task) for pair in engine.map(work, shared, [piece])]


class InThisProcess:
    """Does one task after the other."""

    def map(self, work: Work, shared: Any, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each task with its answer."""
        for task in tasks:
            yield task, work(shared, task)


class OnDask:
    """Has the workers of a Dask scheduler do the tasks."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address

    def map(self, work: Work, shared: Any, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each task with its answer; SweepError where the scheduler goes away, or what a task raises as such.

        A task whose worker dies is a Failure, on a cluster once that has happened as often as its scheduler allows, and
        so may be others that the worker had: which of them it was shows when each is tried alone. So is what a task
        raises otherwise.
        """
        from distributed import as_completed

        # What is shared is a result: one that can be made again where all workers that hold it die.
        common = self._client.submit(_hand_on, shared, pure=False)
        waiting = iter(tasks)
        running: dict[str, tuple[Future, Any]] = {}

        def hand_out(count: int) -> list[Future]:
            futures = []
            for task in islice(waiting, count):
                future = self._client.submit(work, common, task, pure=False)
                running[future.key] = future, task
                futures.append(future)
            return futures

        done = as_completed(hand_out(_AHEAD))
        for future in done:
            is_there, answer = self._answer(future)
            if not is_there:  # its worker died with it: it is made again
                done.add(future)
                continue
            _, task = running.pop(future.key)
            for another in hand_out(1):
                done.add(another)
            future.release()
            yield task, answer

    def _answer(self, future: Future) -> tuple[bool, Any]:
        """Return whether an answer is there, and the answer; SweepError where the scheduler went away."""
        try:
            if future.status == "finished":
                return True, future.result(timeout=_ANSWER_SECONDS)
            if future.status == "error":
                return True, self._failure(future.exception(timeout=_ANSWER_SECONDS))
        except (CancelledError, TimeoutError, OSError):
            pass
        if future.status == "cancelled" or self._client.status != "running":
            raise SweepError(
                f"the scheduler at {self._address} went away; what was finished is written",
                "run the same command again to go on",
            )
        return False, None

    def _failure(self, error: BaseException) -> Failure:
        """Return what a task raised; where no task can do better, raise it."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            return Failure(DIED)
        if isinstance(error, MemprofError):
            raise error
        if isinstance(error, ImportError):
            raise SweepError(
                f"a worker of {self._address} has not what this needs: {error}",
                "install the same memprof[sweep] there as here",
            ) from error
        message = " ".join(str(error).split())
        return Failure(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def _hand_on(shared: Any) -> Any:
    return shared


@contextmanager
def on_this_machine(jobs: int) -> Iterator[OnDask]:
    """Start a scheduler and `jobs` worker processes on this machine, and end them."""
    require("dask", "distributed", "pyarrow")
    from dask import config
    from distributed import Client, LocalCluster

    with _quiet(), config.set({"distributed.scheduler.allowed-failures": 0}):
        with _without_interrupts():
            cluster = LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                memory_limit=0,  # the operating system's business; a worker that it ends is seen
                silence_logs=logging.CRITICAL,
            )
            client = Client(cluster)
        try:
            yield OnDask(client, cluster.scheduler_address)
        finally:
            with _without_interrupts():
                client.close(timeout=2)
                cluster.close(timeout=5)


@contextmanager
def on_cluster(address: str) -> Iterator[OnDask]:
    """Use the workers of a scheduler that runs somewhere; SweepError where it cannot be reached or has none."""
    require("dask", "distributed", "pyarrow")
    from distributed import Client

    with _quiet():
        try:
            client = Client(address, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise SweepError(
                f"cannot reach a Dask scheduler at {address}: {error}", "start one: `dask scheduler`"
            ) from error
        try:
            _wait_for_a_worker(client, address)
            yield OnDask(client, address)
        finally:
            client.close(timeout=2)


def _wait_for_a_worker(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_WORKERS_SECONDS)
    except TimeoutError as error:
        raise SweepError(f"the scheduler at {address} has no workers", _START_A_WORKER) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own messages off the terminal: what matters of them is said in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "asyncio", "tornado")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait; processes and threads started meanwhile never see it: it is this process's business."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
