"""The whole suite in one call: what machine this is, what it can compute in, and all that is timed on it."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from memprof._version import __version__
from memprof.devices import HOST, HOST_CUDA, precisions
from memprof.devices.reported import identify
from memprof.errors import DeviceError
from memprof.profiles.run.crowd import Crowd
from memprof.profiles.run.machine import Machine, find_machine
from memprof.suite.kernels import DTYPES, kernels
from memprof.suite.networks import networks
from memprof.suite.records import SCHEMA, Suite
from memprof.suite.running import run
from memprof.vocabulary import CPU

_MINUTE = 60.0


def run_suite(device: str, minutes: float, progress: Callable[[int, int], None] | None = None) -> Suite:
    """Time the suite on "cpu" or "cuda" within `minutes`; DeviceError where there is no such device here."""
    machine = find_machine(device)
    name, known = _named(machine)
    dtypes = tuple(dtype for dtype in DTYPES if dtype in known)
    begun = time.monotonic()
    with Crowd() as crowd:
        found = run(machine, kernels(device, dtypes), networks(device, known), _MINUTE * minutes, progress)
    return Suite(
        schema=SCHEMA,
        memprof=__version__,
        device=name,
        device_title=machine.name,
        stack=_stack(machine),
        environment={"torch": str(torch.__version__), **machine.facts},
        minutes=(time.monotonic() - begun) / _MINUTE,
        others=crowd.others,
        kernels=found.kernels,
        networks=found.networks,
        unmeasured=found.unmeasured,
    )


def _named(machine: Machine) -> tuple[str, tuple[str, ...]]:
    """Return what files call a machine, and the precisions to time on it."""
    if machine.device == CPU:
        return HOST, ("fp32",)
    try:
        device = identify(machine.name, machine.sm_count, machine.memory_bytes)
    except DeviceError:  # one that no catalogue has: `memprof calibrate` describes it
        return HOST_CUDA, ("fp32", "fp16", "amp-fp16")
    return device.name, tuple(precisions(device))


def _stack(machine: Machine) -> str:
    """Return the versions as `stack` of a measurement takes them."""
    version = str(torch.__version__).partition("+")[0]
    cuda = machine.facts.get("cuda")
    return f"torch {version}, {'ROCm' if torch.version.hip else 'CUDA'} {cuda}" if cuda else f"torch {version}"
