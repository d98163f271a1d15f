"""What a profile is: events of torch.profiler, wherever they came from.

A profile is simulated (a run on the meta device), measured (a real run) or read from a trace file. All three give
these records, so nothing behind this module knows which it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memprof.tensors.spec import Argument
from memprof.tensors.stack import TODAY, Stack

MODULE_PREFIX = "memprof::module::"
PHASE_PREFIX = "memprof::phase::"
"""How memprof's own scopes are called in a profile: the prefix, then the module's path or the phase."""
ASIDE = "memprof::aside"
"""The scope of what memprof computes for itself while a profile is recorded: no part of it."""
ARGUMENT_PREFIX = "memprof::argument::"
"""A scope inside an operator that says what the profiler leaves out of its arguments: a list of optional tensors."""
AUTOGRAD_PREFIX = "autograd::engine::evaluate_function: "
"""How the autograd engine calls what it runs: the prefix, then the name of the backward node."""


class EventCategory(StrEnum):
    """What an event stands for."""

    OPERATOR = "operator"
    """A call through PyTorch's dispatcher, such as `aten::conv2d`; its children are the calls it made in turn."""
    MODULE = "module"
    """The forward of one nn.Module; `name` is its path from the root, "" for the root."""
    PHASE = "phase"
    """A stretch of the step: `name` is "forward", "backward" or "optimizer"."""
    AUTOGRAD = "autograd"
    """A node of the backward graph; `sequence_number` is that of the forward operator that made it."""


class Activity(StrEnum):
    """What a device was busy with."""

    KERNEL = "kernel"
    COPY = "copy"
    """A memcpy, between device and host too."""
    FILL = "fill"
    """A memset."""
    COMMUNICATION = "communication"
    """A kernel of NCCL or RCCL: it waits for other devices as much as it moves data."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One thing that a device ran, as a profiler measured it.

    Times in nanoseconds, the finest that profilers record, so that they add up exactly; `start_ns` on the profile's own
    clock. `launched_ns` is when the host began to launch it, None where the profile has no launch. `bytes_moved` is
    what the profile says of a copy or fill, None elsewhere. `in_graph` tells that a CUDA graph launched it, among
    others.
    """

    name: str
    start_ns: int
    duration_ns: int
    activity: Activity = Activity.KERNEL
    device: int = 0
    stream: int = 0
    launched_ns: int | None = None
    bytes_moved: float | None = None
    in_graph: bool = False

    @property
    def end_ns(self) -> int:
        """Return when it ended, on the profile's clock."""
        return self.start_ns + self.duration_ns


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a profile with the events nested in it, in order of start.

    `inputs` follow the operator's schema by position; None where the profile recorded nothing.
    `sequence_number` links a backward node to its forward operator; None where there is none.
    `start_ns` and `duration_ns` are when it ran on the host, 0 in a simulated profile. `kernels` are what it launched
    itself; what its children launched is theirs.
    """

    name: str
    category: EventCategory
    inputs: tuple[Argument, ...] = ()
    sequence_number: int | None = None
    children: tuple[Event, ...] = ()
    start_ns: int = 0
    duration_ns: int = 0
    kernels: tuple[Kernel, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """The events of one or more steps of one model, outermost first, in order of start, and the stack they ran on."""

    events: tuple[Event, ...]
    stack: Stack = TODAY
