"""What runs in a measuring process: builds a model of its own checkout, and times steps of it when told to.

    python -P -m memprof.gate.measured.worker SIDE

What measures is the same on both sides: the memprof that runs the gate. Only the model comes from the side's checkout.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random
from typing import BinaryIO

from memprof.vocabulary import CHANNELS_LAST, CPU, TRAIN

# Kineto looks for a GPU when it starts and reports on standard error that there is none; read when torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch
from torch import Tensor, nn

from memprof.analysis.asking import ask
from memprof.analysis.subject import Subject, image_size, task_of
from memprof.errors import MemprofError, ModelError
from memprof.gate.measured.checkout import check_imports, enter
from memprof.gate.measured.protocol import Answer, Job, Order, Side, to_line, to_order, to_side
from memprof.models.foreign import foreign_code
from memprof.profiles.run.machine import cpu_name
from memprof.profiles.run.measured import make_batch
from memprof.profiles.run.timer import HostTimer, Timer
from memprof.profiles.step import Step
from memprof.tensors.precision import Precision, get_precision

_WARM_UP_SECONDS = 0.05
_WARM_UP_STEPS = (2, 8)
"""At least and at most."""
_PADS = 8
_LARGEST_PAD = 1 << 18
_REMEDY = "it must run on inputs of this size on the CPU"
_SCHEDSTAT = Path("/proc/self/schedstat")


class RunningTimer:
    """Wall time less the time in which this process was ready to run and another one held the processor.

    Linux counts the latter, in nanoseconds, for the main thread: proc(5), /proc/pid/schedstat, second figure. What a
    step waits for by itself, as for a file or a sleep, is part of its time.
    """

    words = "wall time, less the time spent waiting for a processor that others held"

    def __init__(self, schedstat: Path = _SCHEDSTAT) -> None:
        self._file = os.open(schedstat, os.O_RDONLY)
        self._waited()

    def time(self, work: Callable[[], object]) -> float:
        """Run `work` and return its seconds."""
        start, waited = time.perf_counter_ns(), self._waited()
        work()
        waited = self._waited() - waited
        return (time.perf_counter_ns() - start - waited) / 1e9

    def _waited(self) -> int:
        return int(os.pread(self._file, 128, 0).split()[1])


def find_timer() -> tuple[Timer, str]:
    """Return the best timer of this system, and what it times, in words."""
    try:
        return RunningTimer(), RunningTimer.words
    except (OSError, IndexError, ValueError):
        return HostTimer(), "wall time"


class Placement:
    """One model built somewhere in memory, ready to run, and the batch it runs on."""

    def __init__(self, job: Job, random: Random) -> None:
        # What is held meanwhile moves everything that is allocated next to another place.
        padding = [torch.empty(random.randrange(1, _LARGEST_PAD)) for _ in range(_PADS)]
        precision = get_precision(job.precision)
        self.name = job.model
        torch.manual_seed(0)
        subject = _subject(job.model)
        task = task_of(subject, ask(job.inputs, job.resolution, job.batch_size).task, job.batch_size, job.resolution)
        self.resolution = 0 if task.inputs else job.resolution or subject.resolution
        model = subject.sized(image_size(task.inputs, job.resolution)).build()
        if not isinstance(model, nn.Module):
            raise ModelError(f"{job.model} gives a {type(model).__name__}, not a torch.nn.Module", "return a module")
        channels_last, dtype = job.layout == CHANNELS_LAST, getattr(torch, precision.storage)
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                wanted = dtype if tensor.dtype == torch.float32 else tensor.dtype
                tensor.data = _place_tensor(tensor.data, wanted, channels_last)
        self._batch = make_batch(model, task, job.batch_size, self.resolution, dtype, channels_last, CPU)
        self._step = Step(model, job.model, job.phase == TRAIN, _REMEDY, lambda: _autocast(precision), task)
        for buffer in self._step.optimizer_state:  # made without values
            buffer.zero_()
        del padding

    def run(self) -> None:
        """Run one step."""
        self._step.run(self._batch, modules=False)


def _subject(name: str) -> Subject:
    """Return the model as the checkout knows it, where that holds memprof, whose models take other images or none."""
    from memprof import models

    if not hasattr(models, "NamedModel"):  # an older memprof
        return Subject(name, lambda: models.create_model(name), models.default_resolution(name))
    named = models.NamedModel(name)
    return Subject(name, named.build, named.resolution, named=named)


def _place_tensor(tensor: Tensor, dtype: torch.dtype, channels_last: bool) -> Tensor:
    layout = torch.channels_last if channels_last and tensor.dim() == 4 else torch.contiguous_format
    return tensor.to(dtype=dtype, memory_format=layout)


def _autocast(precision: Precision) -> AbstractContextManager[object]:
    return torch.autocast("cpu", getattr(torch, precision.autocast)) if precision.autocast else nullcontext()


class Worker:
    """Obeys orders, one after the other; an error of the model is an answer."""

    def __init__(self, side: Side) -> None:
        self._root, self._other = Path(side.root), Path(side.other) if side.other else None
        self._timer, self._clock = find_timer()
        self._random = Random()
        self._placement: Placement | None = None
        torch.set_num_threads(side.threads)
        os.chdir(self._root)
        enter(self._root, self._other)

    def facts(self) -> dict[str, str]:
        """Say how this process measures."""
        return {
            "clock": self._clock,
            "cpu": cpu_name(),
            "threads": str(torch.get_num_threads()),
            "torch": str(torch.__version__),
        }

    def obey(self, order: Order) -> Answer:
        """Do as told."""
        try:
            with foreign_code("it failed"):
                return self._turn(order.steps) if order.job is None else self._place(order.job)
        except MemprofError as error:
            return Answer(error=" ".join(str(error).split()))

    def _place(self, job: Job) -> Answer:
        gc.enable()
        placement = Placement(job, self._random)  # the last one is still there: the new one lies elsewhere
        self._placement = placement
        check_imports(self._root, self._other)
        gc.collect()
        gc.disable()  # for good: in the middle of a step it would cost that step only
        seconds: list[float] = []
        least, most = _WARM_UP_STEPS
        while len(seconds) < most and (len(seconds) < least or sum(seconds) < _WARM_UP_SECONDS):
            seconds.append(self._timer.time(placement.run))
        return Answer(seconds=(min(seconds),), resolution=placement.resolution)

    def _turn(self, steps: int) -> Answer:
        if self._placement is None:
            raise ModelError("no model has been built", "order one first")
        return Answer(seconds=tuple(self._timer.time(self._placement.run) for _ in range(steps)))


def serve(side: Side, orders: BinaryIO, answers: BinaryIO) -> None:
    """Obey orders until there are no more."""
    worker = Worker(side)
    answers.write(to_line(Answer(facts=worker.facts())))
    answers.flush()
    for line in orders:
        answers.write(to_line(worker.obey(to_order(line))))
        answers.flush()


def _own_output() -> BinaryIO:
    """Return standard output, and send to standard error what anything else prints from here on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    serve(to_side(sys.argv[1]), sys.stdin.buffer, _own_output())
