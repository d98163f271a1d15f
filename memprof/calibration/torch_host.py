"""The probes of the host: eager Python on tensors so small that computing takes next to nothing of a call."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from memprof.calibration.hosts import ELEMENTWISE, ON_GPU, HostProbe, calibrate_host
from memprof.calibration.timing import Progress
from memprof.devices.hosts import COMMAND, Host
from memprof.errors import DeviceError
from memprof.profiles.run.machine import cpu_name
from memprof.profiles.run.timer import HostTimer

CALLS = 300
"""In a run: enough for the clock, and fewer launches than a GPU's queue holds (1,024)."""
_SHAPE = (1, 8, 4, 4)
_CHANNELS = _SHAPE[1]


def measure_host(seconds: float, *, with_gpu: bool, progress: Progress = lambda what, done: None) -> Host:
    """Measure this machine as a host for about `seconds`; DeviceError where a GPU is asked for that torch has not."""
    if with_gpu and not torch.cuda.is_available():
        raise DeviceError("torch finds no CUDA GPU here", "leave --device out: the host is measured without one, too")
    about = f"measured by {COMMAND} on {datetime.date.today().isoformat()} with torch {torch.__version__}"
    with _one_thread():
        return calibrate_host(
            probes(with_gpu=with_gpu), HostTimer(), time.perf_counter, seconds, about, cpu_name(), progress
        )


def probes(*, with_gpu: bool = False) -> list[HostProbe]:
    """Return what is timed: of networks' operators a convolution, a normalization and an element-wise one."""
    images, weight = torch.rand(_SHAPE), torch.rand(_CHANNELS, _CHANNELS, 1, 1)
    zeros, ones = torch.zeros(_CHANNELS), torch.ones(_CHANNELS)
    shapes_only, module = torch.empty(_SHAPE, device="meta"), nn.Identity()
    operator = "seconds_per_operator"
    calls = [
        ("torch.conv2d", operator, lambda: torch.conv2d(images, weight)),
        ("batch_norm", operator, lambda: functional.batch_norm(images, zeros, ones, ones, zeros)),
        (ELEMENTWISE, operator, lambda: torch.add(images, images)),
        ("Tensor.to(float16)", "seconds_per_cast", lambda: images.to(torch.float16)),
        ("Tensor.view on meta", "seconds_per_view", lambda: shapes_only.view(_CHANNELS, -1)),
        ("nn.Identity", "seconds_per_module", lambda: module(images)),
    ]
    if with_gpu:
        there = images.cuda()
        calls.append((ON_GPU, "", lambda: torch.add(there, there)))
    chain = HostProbe(
        "the backward pass of convolutions, batch norms and additions",
        "seconds_per_backward",
        CALLS,
        lambda: _chain(images, weight, ones, zeros),
        lambda given: given(),  # type: ignore[operator]
    )
    return [*(HostProbe(name, key, CALLS, _settle, _repeated(call)) for name, key, call in calls), chain]


def _repeated(call: Callable[[], object]) -> Callable[[object], None]:
    def run(_: object) -> None:
        with torch.no_grad():
            for _ in range(CALLS):
                call()

    return run


def _settle() -> None:
    """Wait until a GPU has done what was launched before, so that its queue never fills."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _chain(images: Tensor, weight: Tensor, ones: Tensor, zeros: Tensor) -> Callable[[], object]:
    """Return the backward pass of a forward pass of CALLS operators that has run."""
    leaf, kernel = images.clone().requires_grad_(), weight.clone().requires_grad_()
    x = leaf
    for _ in range(CALLS // 3):
        x = functional.batch_norm(torch.conv2d(x, kernel), None, None, ones, zeros, training=True) + images
    return lambda: torch.autograd.grad(x, (leaf, kernel), images)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep PyTorch from waking threads for what one does in no time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
