"""Events of a profile from the raw results of torch's profiler, without its slow Python post-processing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import SymInt
from torch._C._profiler import _EventType

from memprof.profiles import unrecorded
from memprof.profiles.records import (
    ARGUMENT_PREFIX,
    ASIDE,
    AUTOGRAD_PREFIX,
    MODULE_PREFIX,
    PHASE_PREFIX,
    Activity,
    Event,
    EventCategory,
    Kernel,
)
from memprof.tensors.spec import Argument, TensorSpec

_CALLS = frozenset({"cpu_op", "user_annotation"})
"""Activities, as Kineto names them, that the event tree has a node for."""
_OWN = (ARGUMENT_PREFIX, ASIDE)
"""Scopes that are no part of what was run."""
_LAUNCHES = ("_runtime", "_driver")
_ON_DEVICE = {"kernel": Activity.KERNEL, "gpu_memcpy": Activity.COPY, "gpu_memset": Activity.FILL}
_COMMUNICATION = ("nccl", "rccl")


@dataclass(frozen=True, slots=True)
class Recording:
    """What the profiler recorded of a real run: calls with their times, and the kernels that none of them launched."""

    events: tuple[Event, ...]
    orphans: tuple[Kernel, ...] = ()


def read_events(results: Any) -> tuple[Event, ...]:
    """Return the events in `torch.autograd.profiler.profile.kineto_results`, nested, in order of start, without times.

    The profiler keeps its facts in two places: the event tree has nesting and tensors with strides, the flat list has
    lists of numbers, and what a device ran. A call has the same correlation id in both.
    """
    return tuple(_Reader(_calls(results), None).events(results.experimental_event_tree()))


def read_recording(results: Any) -> Recording:
    """Return the events with when they ran, and with the kernels that each launched itself."""
    calls = _calls(results)
    kernels, orphans = _kernels(results, calls)
    return Recording(tuple(_Reader(calls, kernels).events(results.experimental_event_tree())), tuple(orphans))


def _calls(results: Any) -> dict[int, Any]:
    return {record.correlation_id(): record for record in results.events() if record.activity_type() in _CALLS}


def _kernels(results: Any, calls: Mapping[int, Any]) -> tuple[dict[int, list[Kernel]], list[Kernel]]:
    """Return what the device ran, by the correlation id of the call that launched it, and what no call launched.

    A record of the device is linked to the call, and has its own correlation id in common with the launch on the host.
    """
    launches = {
        record.correlation_id(): record.start_ns()
        for record in results.events()
        if record.activity_type().endswith(_LAUNCHES)
    }
    by_call: dict[int, list[Kernel]] = defaultdict(list)
    orphans: list[Kernel] = []
    for record in sorted(results.events(), key=lambda record: record.start_ns()):
        activity = _ON_DEVICE.get(record.activity_type())
        if activity is None:
            continue
        name = record.name()
        if activity is Activity.KERNEL and name.startswith(_COMMUNICATION):
            activity = Activity.COMMUNICATION
        kernel = Kernel(
            name,
            record.start_ns(),
            record.duration_ns(),
            activity,
            device=record.device_index(),
            stream=record.device_resource_id(),
            launched_ns=launches.get(record.correlation_id()),
        )
        call = record.linked_correlation_id()
        (by_call[call] if call in calls else orphans).append(kernel)
    return by_call, orphans


class _Reader:
    """Makes events of the profiler's nodes; with times and kernels where `kernels` says what each call launched."""

    def __init__(self, calls: Mapping[int, Any], kernels: Mapping[int, Sequence[Kernel]] | None) -> None:
        self._calls = calls
        self._kernels = kernels

    def events(self, nodes: Sequence[Any]) -> Iterator[Event]:
        for node in nodes:
            if node.tag == _EventType.TorchOp and node.name.startswith(_OWN):
                continue
            if node.tag == _EventType.TorchOp:
                yield self._event(node)
            else:  # a launch, or what it launched
                yield from self.events(node.children)

    def _event(self, node: Any) -> Event:
        record = self._calls[node.correlation_id]
        name = record.name()
        fields = node.extra_fields
        if name != node.name:
            raise RuntimeError(f"the profiler's two records disagree: {name!r} and {node.name!r}")
        inputs = fields.inputs
        concrete = record.concrete_inputs() if any(value is None for value in inputs) else ()
        arguments = tuple(_argument(value, concrete, place) for place, value in enumerate(inputs))
        children = tuple(self.events(node.children))
        if name.startswith(unrecorded.OPERATORS):
            arguments = unrecorded.complete(arguments, node)
        category, name = _category(name)
        number = fields.sequence_number if fields.sequence_number >= 0 else None
        if self._kernels is None:
            return Event(name, category, arguments, number, children)
        kernels = tuple(self._kernels.get(node.correlation_id, ()))
        return Event(name, category, arguments, number, children, record.start_ns(), record.duration_ns(), kernels)


def _category(name: str) -> tuple[EventCategory, str]:
    if name.startswith(MODULE_PREFIX):
        return EventCategory.MODULE, name.removeprefix(MODULE_PREFIX)
    if name.startswith(PHASE_PREFIX):
        return EventCategory.PHASE, name.removeprefix(PHASE_PREFIX)
    if name.startswith(AUTOGRAD_PREFIX):
        return EventCategory.AUTOGRAD, name.removeprefix(AUTOGRAD_PREFIX)
    return EventCategory.OPERATOR, name


def _argument(value: Any, concrete: Sequence[Any], place: int) -> Argument:
    if value is None:
        recorded = concrete[place] if place < len(concrete) else None
        return tuple(recorded) if isinstance(recorded, list) else recorded
    if isinstance(value, list):
        return tuple(_argument(item, (), 0) for item in value)
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, complex):  # no formula asks for one
        return None
    if isinstance(value, SymInt):  # a size while torch.compile traces
        return None
    return TensorSpec(tuple(value.sizes), tuple(value.strides), str(value.dtype).removeprefix("torch."))
