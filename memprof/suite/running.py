"""Runs the suite on this machine within a time: kernels and networks in turns, so that any budget has some of all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch

from memprof import units
from memprof.errors import MemprofError
from memprof.models import NamedModel
from memprof.profiles.run.machine import Machine, matrix_precision
from memprof.profiles.run.measured import run_model
from memprof.profiles.run.telemetry import Sampler
from memprof.profiles.run.timer import Plan, Work, median_interval
from memprof.report.run import Telemetry
from memprof.suite.kernels import FORWARD, LAID_OUT, Kernel
from memprof.suite.modules import OnOwnTensors
from memprof.suite.records import KernelTime, Network, NetworkTime, Timed, Unmeasured
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CHANNELS_LAST, CPU, TRAIN

_TURNS = 5
"""Kernels after which a network takes its turn."""
_FEWEST, _WARM_UP = 6, 3
_TRAIN_OF_SECONDS = 0.02
"""How long calls follow one another on a GPU between two events, so that the host is ahead of the device."""
_MOST_IN_A_TRAIN = 2000
_SLICE = 0.9
"""Of the time that is left, the part that is shared out; the rest is for building and warming up."""
_NO_TIME = "no time was left"
_OVERDRAWN, _MOST_OF_ALL = 4, 0.1
"""How many times its share of the time a kernel may take, or what of all that is left where that is more."""
_HALVINGS = 3
"""How often the batch of a network that does not fit is halved."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured, and what was not."""

    kernels: tuple[KernelTime, ...]
    networks: tuple[NetworkTime, ...]
    unmeasured: tuple[Unmeasured, ...]


def run(
    machine: Machine,
    kernels: Sequence[Kernel],
    networks: Sequence[Network],
    seconds: float,
    progress: Progress | None = None,
) -> Found:
    """Time kernels and networks within `seconds`; what fails or finds no time is told."""
    end = time.monotonic() + seconds
    items = list(_in_turns(kernels, networks))
    kernel_times: list[KernelTime] = []
    network_times: list[NetworkTime] = []
    missed: list[Unmeasured] = []
    for place, item in enumerate(items):
        left = end - time.monotonic()
        if left <= 0:
            missed.append(Unmeasured(_name(item), _NO_TIME))
            continue
        share = _SLICE * left / (len(items) - place)
        try:
            if isinstance(item, Kernel):
                kernel_times.append(_time_kernel(item, machine, share, max(_OVERDRAWN * share, _MOST_OF_ALL * left)))
            else:
                network_times.append(_time_network(item, machine, share))
        except MemprofError as error:
            missed.append(Unmeasured(_name(item), error.what))
        except (RuntimeError, ValueError, MemoryError) as error:
            missed.append(Unmeasured(_name(item), (str(error).strip().splitlines() or [type(error).__name__])[0]))
        if progress is not None:
            progress(place + 1, len(items))
    return Found(tuple(kernel_times), tuple(network_times), tuple(missed))


def _in_turns(kernels: Sequence[Kernel], networks: Sequence[Network]) -> Iterator[Kernel | Network]:
    waiting = list(networks)
    for place, kernel in enumerate(kernels, 1):
        yield kernel
        if place % _TURNS == 0 and waiting:
            yield waiting.pop(0)
    yield from waiting


def _name(item: Kernel | Network) -> str:
    if isinstance(item, Network):
        return f"{item.model}, {item.phase}, {item.precision}, {item.layout}"
    layout = f", {item.layout}" if item.operator in LAID_OUT else ""
    side = f" {item.kernel}x{item.kernel}" if item.kernel else ""
    return f"{item.operator}{side} {'x'.join(map(str, item.shape))}, {item.pass_name}, {item.dtype}{layout}"


def _time_kernel(kernel: Kernel, machine: Machine, seconds: float, most: float) -> KernelTime:
    """Time a kernel for so many seconds; MemprofError where its fewest calls would take more than `most`."""
    with matrix_precision(get_precision(kernel.dtype)):
        work = _work(kernel, machine)
        once = min(machine.timer.time(work) for _ in range(_WARM_UP))
        if once * _FEWEST > most:
            raise MemprofError(f"a call takes {units.seconds(once)}, too long for the time that is left")
        with _sampled(machine) as sampler:
            times = _times(work, machine, seconds, once)
    return KernelTime(kernel, timed(times), _telemetry(sampler))


def _work(kernel: Kernel, machine: Machine) -> Work:
    """Return the pass of a kernel, on tensors on the machine."""
    module = OnOwnTensors(kernel).to(device=machine.device, dtype=getattr(torch, get_precision(kernel.dtype).storage))
    layout = torch.channels_last if kernel.layout == CHANNELS_LAST else torch.contiguous_format
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.to(memory_format=layout)
    ignored = torch.zeros(1, device=machine.device)
    if kernel.pass_name == FORWARD:

        def forward() -> object:
            with torch.no_grad():
                return module(ignored)

        return forward
    output = module(ignored)
    gradient = torch.rand_like(output)
    wanted = module.wanted()
    return lambda: torch.autograd.grad(output, wanted, gradient, retain_graph=True)


def _times(work: Work, machine: Machine, seconds: float, once: float) -> list[float]:
    """Return the seconds of a call; on a GPU those of many that follow one another, so that the host is not in them."""
    many = 1 if machine.device == CPU else max(1, min(_MOST_IN_A_TRAIN, round(_TRAIN_OF_SECONDS / max(once, 1e-6))))

    def train() -> None:
        for _ in range(many):
            work()

    plan = Plan(0, _FEWEST, 1000, seconds)
    return [each / many for each in plan.time(machine.timer, train)]


def _time_network(network: Network, machine: Machine, seconds: float) -> NetworkTime:
    """Time a network's step, with a smaller batch where it does not fit."""
    for halving in range(_HALVINGS + 1):
        smaller = replace(network, batch_size=network.batch_size >> halving)
        try:
            return _time_step(smaller, machine, seconds)
        except MemprofError as error:
            if halving == _HALVINGS or "does not fit" not in error.what:
                raise
    raise AssertionError(network)


def _time_step(network: Network, machine: Machine, seconds: float) -> NetworkTime:
    named = NamedModel(network.model)
    ran = run_model(
        lambda: named.build((network.resolution,) * 2),
        machine,
        batch_size=network.batch_size,
        resolution=network.resolution,
        training=network.phase == TRAIN,
        precision=get_precision(network.precision),
        channels_last=network.layout == CHANNELS_LAST,
        plan=Plan(2, _FEWEST, 1000, seconds / 2),
        name=network.model,
    )
    return NetworkTime(network, timed(ran.timing.step_seconds), ran.telemetry)


def timed(seconds: Sequence[float]) -> Timed:
    """Sum up repetitions."""
    low, high = median_interval(seconds)
    return Timed(statistics.median(seconds), low, high, len(seconds))


@contextmanager
def _sampled(machine: Machine) -> Iterator[Sampler | None]:
    if machine.sensors is None:
        with nullcontext():
            yield None
        return
    with Sampler(machine.sensors) as sampler:
        yield sampler


def _telemetry(sampler: Sampler | None) -> Telemetry | None:
    return None if sampler is None else sampler.telemetry(1)
