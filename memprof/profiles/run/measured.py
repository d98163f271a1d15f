"""A real run: a model with random weights and synthetic images, timed without the profiler, then profiled."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile

from memprof.errors import MemprofError, ModelError
from memprof.models.foreign import foreign_code
from memprof.profiles.binding import bind
from memprof.profiles.kineto import Recording, read_recording
from memprof.profiles.run.crowd import Crowd
from memprof.profiles.run.machine import Machine, matrix_precision
from memprof.profiles.run.telemetry import Sampler
from memprof.profiles.run.timer import Plan, timing_of
from memprof.profiles.step import Batch, Step
from memprof.profiles.task import IMAGES, Task
from memprof.report.run import Telemetry, Timing
from memprof.tensors.inputs import InputSpec
from memprof.tensors.precision import Precision
from memprof.vocabulary import CPU

PROFILED = 3
"""Steps that are profiled; that of the middle time counts. In the first, the profiler makes room for its records."""

_REMEDY = "it must run on these inputs in this precision"
_COMPILE_REMEDY = "run it without torch.compile"
_SMALLER = "use a smaller batch size"
_NO_ROOM = ("can't allocate memory", "not enough memory", "out of memory", "STATUS_ALLOC_FAILED")
"""What torch, CUDA, cuDNN and cuBLAS say where memory is short, in errors that have no type of their own."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a real run gives: the recording of one step, how long steps took, what the sensors said, the parameters.

    `others` is how many cores other programs kept busy while steps were timed, None where that is not known.
    """

    recording: Recording
    timing: Timing
    telemetry: Telemetry | None
    parameters: int
    others: float | None = None


def run_model(
    build: Callable[[], nn.Module],
    machine: Machine,
    *,
    batch_size: int,
    resolution: int,
    training: bool,
    precision: Precision,
    channels_last: bool,
    plan: Plan,
    compiled: bool = False,
    name: str = "the model",
    task: Task = IMAGES,
    held: bool = False,
) -> Run:
    """Run the model that `build` returns on `machine`, for `memprof.analysis.measured`; its weights change.

    Where somebody holds it (`held`), a copy runs. It is given `task.inputs`, without them images.

    ModelError where it cannot be built, does not run, or does not fit into memory.
    """
    with _fitting(f"{name} at batch size {batch_size}", machine), matrix_precision(precision):
        model = _real(build, name)
        if held:
            with foreign_code(f"copying {name} failed", "give a function that builds it instead"):
                model = copy.deepcopy(model)
        model = model.to(machine.device)
        dtype = getattr(torch, precision.storage)
        _prepare(model, dtype, channels_last)
        batch = make_batch(model, task, batch_size, resolution, dtype, channels_last, machine.device)
        ran = _compiled(model) if compiled else model
        remedy = _COMPILE_REMEDY if compiled else _REMEDY
        step = Step(ran, name, training, remedy, lambda: _autocast(precision, machine), task)
        for buffer in step.optimizer_state:  # made without values
            buffer.zero_()
        for _ in range(plan.warm_up):
            step.run(batch, modules=not compiled)  # with modules, so that an error names the one that failed
        with Crowd() as crowd:
            seconds, telemetry = _timed(step, batch, batch_size, machine, plan)
        recording, profiled = _profiled(step, batch, machine, modules=not compiled)
    timing = timing_of(seconds, profiled, plan.warm_up, compiled=compiled)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Run(recording, timing, telemetry, parameters, crowd.others)


def check_room(needed_bytes: int, machine: Machine, name: str, batch_size: int) -> None:
    """Raise ModelError where a step needs more memory than the machine has free.

    A system that is out of memory ends the process without a word, so it is better not to try.
    """
    if machine.free_bytes is not None and needed_bytes > machine.free_bytes:
        raise ModelError(
            f"{name} at batch size {batch_size} needs {needed_bytes / 1e9:,.1f} GB of memory, and "
            f"{machine.free_bytes / 1e9:,.1f} GB are free on {machine.name}",
            _SMALLER,
        )


def _real(build: Callable[[], nn.Module], name: str) -> nn.Module:
    with foreign_code(f"building {name} failed"):
        model = build()
    if not isinstance(model, nn.Module):
        raise ModelError(f"{name} gives a {type(model).__name__}, not a torch.nn.Module", "return a module from it")
    return model


def _compiled(model: nn.Module) -> Any:
    # It warns on standard error where there is no CUDA, which is no news.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    return torch.compile(model)


def _prepare(model: nn.Module, dtype: torch.dtype, channels_last: bool) -> None:
    """Give float32 parameters and buffers the policy's dtype, and 4-D ones the layout: as in a simulated run."""
    keeps = dtype != torch.float32 and any(parameter.dtype == dtype for parameter in model.parameters())
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            wanted = dtype if tensor.dtype == torch.float32 and not keeps else tensor.dtype
            layout = _layout(channels_last and tensor.dim() == 4)
            tensor.data = tensor.data.to(dtype=wanted, memory_format=layout)


def make_batch(
    model: nn.Module,
    task: Task,
    batch_size: int,
    resolution: int,
    dtype: torch.dtype,
    channels_last: bool,
    device: str,
) -> Batch:
    """Return what a model is given: noise, and where the type has none, ones of a mask and zeros of indices.

    Those are the task's inputs, or images (batch_size, 3, resolution, resolution); 4-D ones in the layout.
    """

    def make(given: InputSpec) -> Tensor:
        own = getattr(torch, given.dtype)
        if not own.is_floating_point:
            return torch.full(given.shape, own is torch.bool, dtype=own, device=device)
        noise = torch.rand(given.shape, device=device)
        wanted = dtype if own is torch.float32 else own
        return noise.to(dtype=wanted, memory_format=_layout(channels_last and noise.dim() == 4))

    targets = torch.zeros((batch_size,), dtype=torch.int64, device=device)
    if task.inputs is None:
        return Batch((make(InputSpec((batch_size, 3, resolution, resolution))),), targets)
    args, kwargs = bind(model, task.inputs, make)
    return Batch(args, None, kwargs)


def _layout(channels_last: bool) -> torch.memory_format:
    return torch.channels_last if channels_last else torch.contiguous_format


def _autocast(precision: Precision, machine: Machine) -> AbstractContextManager[object]:
    if precision.autocast is None:
        return nullcontext()
    return torch.autocast(machine.device, getattr(torch, precision.autocast))


def _timed(
    step: Step, batch: Batch, batch_size: int, machine: Machine, plan: Plan
) -> tuple[tuple[float, ...], Telemetry | None]:
    def work() -> None:
        step.run(batch, modules=False)

    if machine.sensors is None:
        return plan.time(machine.timer, work), None
    with Sampler(machine.sensors) as sampler:
        seconds = plan.time(machine.timer, work)
    return seconds, sampler.telemetry(len(seconds) * batch_size)


def _profiled(step: Step, batch: Batch, machine: Machine, *, modules: bool) -> tuple[Recording, float]:
    """Return the recording of one step and the seconds it took."""
    runs = []
    for _ in range(PROFILED):
        use_device = None if machine.device == CPU else machine.device
        # This is torch.profiler's own engine; torch.profiler.profile would import torch._inductor when it starts.
        with profile(use_kineto=True, record_shapes=True, use_device=use_device) as profiler:
            seconds = machine.timer.time(lambda: step.run(batch, modules=modules))
        runs.append((seconds, profiler.kineto_results))
    seconds, results = sorted(runs, key=lambda run: run[0])[PROFILED // 2]
    return read_recording(results), seconds


@contextmanager
def _fitting(what: str, machine: Machine) -> Iterator[None]:
    """Say so where memory is short, in place of what the library says."""
    try:
        yield
    except (MemprofError, MemoryError, RuntimeError) as error:
        if not (_is_out_of_memory(error) or _is_out_of_memory(error.__cause__)):
            raise
        raise ModelError(f"{what} does not fit into the memory of {machine.name}", _SMALLER) from error


def _is_out_of_memory(error: BaseException | None) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_ROOM)
