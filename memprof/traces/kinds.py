"""What the events of a trace are, by the names that versions of the profiler and vendors gave them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from pathlib import Path

from memprof.profiles.records import AUTOGRAD_PREFIX, MODULE_PREFIX, PHASE_PREFIX, Activity, EventCategory
from memprof.vocabulary import Phase


class Kind(Enum):
    """What memprof does with an event."""

    CALL = auto()
    """An operator, or what a user marked: a call on the host."""
    PYTHON = auto()
    """A Python function; only those of modules matter."""
    LAUNCH = auto()
    """A call of the driver or runtime, which may start something on a device."""
    DEVICE = auto()
    """Something that a device ran."""
    NOISE = auto()
    """Written by PyTorch's profiler, and of no use here: memory, flows, spans, marks on a device's time line."""
    FOREIGN = auto()
    """Not written by PyTorch's profiler, or nothing at all."""


_KINDS = {
    "cpu_op": Kind.CALL,
    "user_annotation": Kind.CALL,
    "operator": Kind.CALL,  # of old versions: both of the above
    "python_function": Kind.PYTHON,
    "runtime": Kind.LAUNCH,  # of old versions, as memcpy and memset below
    "kernel": Kind.DEVICE,
    "gpu_memcpy": Kind.DEVICE,
    "gpu_memset": Kind.DEVICE,
    "memcpy": Kind.DEVICE,
    "memset": Kind.DEVICE,
    "gpu_user_annotation": Kind.NOISE,
    "cpu_instant_event": Kind.NOISE,
    "cuda_sync": Kind.NOISE,
    "cuda_profiler_range": Kind.NOISE,
    "external_correlation": Kind.NOISE,
    "overhead": Kind.NOISE,
    "trace": Kind.NOISE,
    "ac2g": Kind.NOISE,
    "fwdbwd": Kind.NOISE,
}
"""By category, in lower case. Source: libkineto/src/ActivityType.cpp in pytorch/kineto, and the traces themselves."""
_LAUNCHES = ("_runtime", "_driver")
"""cuda_runtime, cuda_driver, hip_runtime, xpu_runtime and their like."""
_COMMUNICATION = re.compile(r"(?:void )?(?:nccl|rccl|msccl)", re.IGNORECASE)
_OLD_NODE = re.compile(r"torch::autograd::.*|\w*Backwards?\d*")
"""Backward nodes by their own names, which is all that old traces have of them."""
_COMPILED = ("Torch-Compiled Region", "CompiledFunction", "CompiledFxGraph", "triton_")
_MODULE_CALL = "nn.Module: "
_STEP = re.compile(r"ProfilerStep#(\d{1,18})")
_OPTIMIZER = ("Optimizer.step#", "Optimizer.zero_grad#")
_UPDATE = re.compile(r"aten::_(?:foreach_|fused_(?:sgd|adamw?|adagrad)_).*")
"""Operators by which optimizers update all parameters in one call, and what little else handles them in lists."""
_PHASES = frozenset(map(str, Phase))
_RANK = re.compile(r"(?<![a-z])rank[-_.]?(\d{1,9})", re.IGNORECASE)


@cache
def kind_of(category: str) -> Kind:
    """Return what events of a category are."""
    name = category.lower()
    if name.endswith(_LAUNCHES):
        return Kind.LAUNCH
    return _KINDS.get(name, Kind.FOREIGN)


def activity_of(category: str, name: str) -> Activity:
    """Return what a device did in an event of this category and name."""
    if category.lower().endswith("memcpy"):
        return Activity.COPY
    if category.lower().endswith("memset"):
        return Activity.FILL
    return Activity.COMMUNICATION if _COMMUNICATION.match(name) else Activity.KERNEL


def launches_graph(name: str) -> bool:
    """Tell whether a call of the runtime of this name launches a CUDA or HIP graph."""
    return "GraphLaunch" in name


def step_number(name: str) -> int | None:
    """Return the number of the step that an event of this name marks, None where it marks none."""
    match = _STEP.fullmatch(name)
    return int(match[1]) if match else None


def called_module(name: str) -> str | None:
    """Return which module a Python function of this name is the call of ("Conv2d_12"), None where it is another."""
    return name.removeprefix(_MODULE_CALL) if name.startswith(_MODULE_CALL) else None


def categorize(name: str) -> tuple[EventCategory, str]:
    """Return what a call on the host stands for, and its name without what says so."""
    if "::" in name:
        if name.startswith(AUTOGRAD_PREFIX):
            return EventCategory.AUTOGRAD, name.removeprefix(AUTOGRAD_PREFIX)
        if name.startswith(MODULE_PREFIX):
            return EventCategory.MODULE, name.removeprefix(MODULE_PREFIX)
        if name.startswith(PHASE_PREFIX) and name.removeprefix(PHASE_PREFIX) in _PHASES:
            return EventCategory.PHASE, name.removeprefix(PHASE_PREFIX)
    elif name.startswith(_OPTIMIZER):
        return EventCategory.PHASE, Phase.OPTIMIZER
    return EventCategory.OPERATOR, name


@cache
def is_old_node(name: str) -> bool:
    """Tell whether an operator of this name is a node of the backward graph, unless it lies inside one already."""
    return bool(_OLD_NODE.fullmatch(name))


def is_operator(category: EventCategory | None, name: str) -> bool:
    """Tell operators and backward nodes from what only surrounds them: modules, phases, users' own marks."""
    return category is EventCategory.AUTOGRAD or (category is EventCategory.OPERATOR and "::" in name)


@cache
def is_update(name: str) -> bool:
    """Tell whether an operator of this name takes all parameters of an optimizer at once (foreach, fused)."""
    return bool(_UPDATE.fullmatch(name))


def is_compiled(name: str) -> bool:
    """Tell whether a call or kernel of this name belongs to what torch.compile made."""
    return name.startswith(_COMPILED)


def find_rank(path: Path) -> int | None:
    """Return the rank that a file's name tells ("rank0_trace.json", "x.rank-3.pt.trace.json"), None where none."""
    match = _RANK.search(path.name)
    return int(match[1]) if match else None


def whole_number(value: object) -> int | None:
    """Return a number that a trace holds as a number or as text, None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def entry(value: object, name: str) -> object:
    """Return an entry of a JSON object, None where there is none or the value is no object."""
    return value.get(name) if isinstance(value, Mapping) else None
