"""Events of a profile from the raw results of torch's profiler, without its slow Python post-processing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from memprof.profiles.records import Argument, Event, EventCategory, TensorSpec
from memprof.profiles.scopes import MODULE_PREFIX, PHASE_PREFIX

_AUTOGRAD_PREFIX = "autograd::engine::evaluate_function: "


def read_events(results: Any) -> tuple[Event, ...]:
    """Return the events in `torch.autograd.profiler.profile.kineto_results`, nested, in order of start.

    The profiler keeps its facts in two places: the event tree has nesting and tensors with strides, the flat list has
    lists of numbers. They hold the same calls in the same order.
    """
    flat = iter(results.events())
    return tuple(_read(node, flat) for node in results.experimental_event_tree())


def _read(node: Any, flat: Iterator[Any]) -> Event:
    record = next(flat)
    name = record.name()
    fields = node.extra_fields
    if name != node.name:
        raise RuntimeError(f"the profiler's two records disagree: {name!r} and {node.name!r}")
    inputs = fields.inputs
    concrete = record.concrete_inputs() if any(value is None for value in inputs) else ()
    arguments = tuple(_argument(value, concrete, place) for place, value in enumerate(inputs))
    children = tuple(_read(child, flat) for child in node.children)
    category, name = _category(name)
    number = fields.sequence_number
    return Event(name, category, arguments, number if number >= 0 else None, children)


def _category(name: str) -> tuple[EventCategory, str]:
    if name.startswith(MODULE_PREFIX):
        return EventCategory.MODULE, name.removeprefix(MODULE_PREFIX)
    if name.startswith(PHASE_PREFIX):
        return EventCategory.PHASE, name.removeprefix(PHASE_PREFIX)
    if name.startswith(_AUTOGRAD_PREFIX):
        return EventCategory.AUTOGRAD, name.removeprefix(_AUTOGRAD_PREFIX)
    return EventCategory.OPERATOR, name


def _argument(value: Any, concrete: Sequence[Any], place: int) -> Argument:
    if value is None:
        recorded = concrete[place] if place < len(concrete) else None
        return tuple(recorded) if isinstance(recorded, list) else recorded
    if isinstance(value, list):
        return tuple(_argument(item, (), 0) for item in value)
    if isinstance(value, (bool, int, float, str)):
        return value
    return TensorSpec(tuple(value.sizes), tuple(value.strides), str(value.dtype).removeprefix("torch."))
