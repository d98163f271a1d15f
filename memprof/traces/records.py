"""What a trace file holds, in the records that a live profile gives too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from memprof.profiles.records import Kernel, Profile
from memprof.report.record import ReportWarning
from memprof.vocabulary import StepsFrom


@dataclass(frozen=True, slots=True)
class TraceDevice:
    """A device that the trace describes; what it does not say of it is None."""

    index: int
    name: str
    sm_count: int | None
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A step that the profiler marked ("ProfilerStep#5") or that was found, on the host's clock in nanoseconds."""

    number: int
    name: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Orphan:
    """A kernel that no event of the profile launched, and why."""

    kernel: Kernel
    reason: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace file, or what is selected of it.

    `kernels` is everything that the devices ran, in order of start: what events of `profile` launched, and the
    `orphans`. `start_ns` and `end_ns` bound the host's events and the devices', or are the ends of what is selected;
    all times are in nanoseconds on the trace's own clock. `rank` and `world_size` are None where neither the trace nor
    its file name says. `has_strides` and `has_concrete_inputs` say whether any operator has its tensors' strides, and
    its numbers. `steps_from` says what the steps are known from. `read_share` is the fraction of what the file holds
    that could be read.
    """

    path: Path
    rank: int | None
    world_size: int | None
    devices: tuple[TraceDevice, ...]
    profile: Profile
    kernels: tuple[Kernel, ...]
    orphans: tuple[Orphan, ...]
    steps: tuple[TraceStep, ...]
    start_ns: int
    end_ns: int
    has_strides: bool
    has_concrete_inputs: bool
    steps_from: StepsFrom = StepsFrom.NOTHING
    warnings: tuple[ReportWarning, ...] = ()
    read_share: float = 1.0
