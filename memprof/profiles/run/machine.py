"""The machine that measures: its CPU, or its first GPU that CUDA shows."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Kineto looks for a GPU when it starts and reports on standard error that there is none; read when torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch

from memprof.errors import DeviceError
from memprof.profiles.run.nvml import sensors_of
from memprof.profiles.run.telemetry import Sensors
from memprof.profiles.run.timer import CudaTimer, HostTimer, Timer
from memprof.tensors.precision import Precision
from memprof.vocabulary import CPU

_ROOT = Path("/")
_CUDNN: Any = torch.backends.cudnn


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs a model: `device` is torch's type of it, `name` what the system calls it.

    `free_bytes` is the memory that is there for the taking, None where the system does not tell; of a GPU, `sm_count`
    and `memory_bytes` are all that it has. `threads` is how many
    PyTorch uses on the host, of `cores`; `facts` are for the report's environment.
    """

    device: str
    name: str
    timer: Timer
    free_bytes: int | None = None
    sensors: Sensors | None = None
    threads: int = 1
    cores: int = 1
    facts: Mapping[str, str] = field(default_factory=dict)
    sm_count: int | None = None
    memory_bytes: int | None = None


def find_machine(device: str) -> Machine:
    """Return the machine for `device`, "cpu" or "cuda"; DeviceError where there is none."""
    return _cuda() if device == "cuda" else _cpu()


def _cpu() -> Machine:
    threads, name = torch.get_num_threads(), cpu_name()
    facts = {"threads": str(threads), "cpu": name, "vector instructions": torch.backends.cpu.get_cpu_capability()}
    return Machine(CPU, name, HostTimer(), available_bytes(), threads=threads, cores=os.cpu_count() or 1, facts=facts)


def _cuda() -> Machine:
    if not torch.cuda.is_available():
        built = torch.version.cuda or torch.version.hip
        why = "PyTorch sees no GPU" if built else "this PyTorch is built for the CPU only"
        raise DeviceError(f"there is no CUDA device here: {why}", "measure on the CPU, or predict: `memprof roofline`")
    properties = torch.cuda.get_device_properties()
    sensors = sensors_of(f"GPU-{properties.uuid}")
    facts = {"cuda": str(torch.version.cuda or torch.version.hip), "cudnn": str(_CUDNN.version())}
    driver = sensors.driver() if sensors is not None else None
    facts |= {"driver": driver} if driver else {}
    return Machine(
        "cuda",
        torch.cuda.get_device_name(),
        CudaTimer(),
        torch.cuda.mem_get_info()[0],
        sensors,
        torch.get_num_threads(),
        os.cpu_count() or 1,
        facts,
        properties.multi_processor_count,
        properties.total_memory,
    )


@contextmanager
def matrix_precision(precision: Precision) -> Iterator[None]:
    """Let a GPU run float32 convolutions and matrix products in TF32, or not, as the policy says, while entered."""
    switches: tuple[Any, ...] = (_CUDNN.conv, _CUDNN.rnn, torch.backends.cuda.matmul)
    before = [switch.fp32_precision for switch in switches]
    try:
        for switch in switches:
            switch.fp32_precision = "tf32" if precision.tf32 else "ieee"
        yield
    finally:
        for switch, kept in zip(switches, before, strict=True):
            switch.fp32_precision = kept


def cpu_name(root: Path = _ROOT) -> str:
    """Return what the processor calls itself, or its architecture where it does not say."""
    names = _values(root / "proc" / "cpuinfo", "model name")
    return next(names, "") or platform.processor() or platform.machine()


def available_bytes(root: Path = _ROOT) -> int | None:
    """Return the memory that a process may still take: what Linux calls available, and the cgroup's limit leaves.

    None where the system does not tell in these places.
    """
    rooms = [int(value.split()[0]) * 1024 for value in _values(root / "proc" / "meminfo", "MemAvailable")]
    group = root / "sys" / "fs" / "cgroup"
    limit, used = (_text(group / name).strip() for name in ("memory.max", "memory.current"))
    if limit.isdigit() and used.isdigit():
        files = _values(group / "memory.stat", "inactive_file", " ")  # what the kernel drops when it needs room
        rooms.append(max(0, int(limit) - int(used) + int(next(files, "0"))))
    return min(rooms, default=None)


def _values(path: Path, key: str, separator: str = ":") -> Iterator[str]:
    for line in _text(path).splitlines():
        name, _, value = line.partition(separator)
        if name.strip() == key:
            yield value.strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
