"""The CPU that torch computes on: its threads, caches and memory, and the probes that measure them."""

from __future__ import annotations

import os
from collections.abc import Set

import torch

from memprof.calibration import torch_probes
from memprof.calibration.bench import Bench
from memprof.calibration.caches import Caches, read_caches
from memprof.calibration.placement import working_sets
from memprof.calibration.records import Group
from memprof.devices import CPU, HOST, Figure
from memprof.profiles.run.machine import available_bytes, cpu_name
from memprof.profiles.run.timer import HostTimer

_TYPES = (
    ("fp32_flops_per_second", torch.float32),
    ("bf16_tensor_flops_per_second", torch.bfloat16),
    ("fp16_tensor_flops_per_second", torch.float16),
)
_SYSTEM = "reported by the operating system"
_NOTES = (
    "Ceilings are what PyTorch's own operators reached on this machine, with all its threads: no datasheet's figures.",
    "L1 and L2 are those of all cores together. L3 is a figure only: rooflines have DRAM, L2 and L1.",
)


def bench() -> Bench:
    """Return this machine's CPU, ready to be measured."""
    cpus, threads = _usable_cpus(), torch.get_num_threads()
    caches, cautions = read_caches(cpus, threads)
    memory = _memory_bytes()
    sets, more_cautions = working_sets(caches, available_bytes() or memory or 2**32)
    innermost = sets[-1]
    groups: list[Group] = [torch_probes.bandwidth(sets[0])]
    groups += [torch_probes.matrix(key, dtype, threads, caches.level_of) for key, dtype in _TYPES[:1]]
    groups += [torch_probes.elementwise(innermost)]
    groups += [torch_probes.bandwidth(working_set) for working_set in sets[1:]]
    groups += [torch_probes.matrix(key, dtype, threads, caches.level_of) for key, dtype in _TYPES[1:]]
    return Bench(
        name=HOST,
        title=cpu_name(),
        architecture=CPU,
        compute_capability=None,
        caches=caches,
        figures=_figures(caches, memory),
        groups=tuple(groups),
        timer=HostTimer(),
        measured_by=f"torch {torch.__version__}, {threads} thread{'s' if threads != 1 else ''}",
        notes=_NOTES,
        cautions=(*cautions, *more_cautions),
    )


def _figures(caches: Caches, memory: int | None) -> dict[str, Figure]:
    values = {
        "core_count": float(caches.cores),
        "thread_count": float(caches.threads),
        "dram_capacity_bytes": float(memory or 0),
        **{f"{level}_capacity_bytes": caches.total_bytes(level) for level in ("l3", "l2", "l1")},
    }
    return {key: Figure(value, _SYSTEM) for key, value in values.items() if value}


def _usable_cpus() -> Set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return frozenset(range(os.cpu_count() or 1))


def _memory_bytes() -> int | None:
    """Return the memory of the machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
