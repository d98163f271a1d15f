"""A simulated step at other batch sizes: every size in it is a constant plus a multiple of the batch.

Two simulations tell both; a third tells whether that holds. Batch 1 does not belong to them: strides of a tensor with
one sample have no meaning, so that layouts of other batch sizes cannot be told from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from memprof.profiles.memory import MemoryTimeline
from memprof.profiles.records import Event, Profile
from memprof.profiles.simulated import Simulation
from memprof.tensors.spec import TensorSpec

LEAST = 2
"""The smallest batch that others are told from."""


class NotLinearError(Exception):
    """Two simulations of a step do not tell it at another batch size."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A step at every batch size from LEAST on, by its simulations at two of them."""

    low: int
    high: int
    at_low: Simulation
    at_high: Simulation

    def at(self, batch_size: int) -> Simulation:
        """Return the step at a batch size; NotLinearError where the two do not tell it."""
        line = _Line(self.low, self.high, batch_size)
        timeline = self.timeline(batch_size)
        events = line.events(self.at_low.profile.events, self.at_high.profile.events)
        profile = Profile(events, self.at_low.profile.stack)
        return replace(self.at_low, profile=profile, memory=timeline.use(), timeline=timeline)

    def timeline(self, batch_size: int) -> MemoryTimeline:
        """Return the memory of the step at a batch size; NotLinearError where the two do not tell it."""
        one, other = self.at_low.timeline, self.at_high.timeline
        if one is None or other is None or replace(one, sizes=other.sizes) != other:
            raise NotLinearError
        line = _Line(self.low, self.high, batch_size)
        return replace(one, sizes=tuple(line.numbers(one.sizes, other.sizes)))

    def tells(self, batch_size: int, simulation: Simulation) -> bool:
        """Return whether the two tell just what was simulated at another batch size."""
        try:
            told = self.at(batch_size)
        except NotLinearError:
            return False
        return same_calls(told, simulation) and told.timeline == simulation.timeline


def same_calls(one: Simulation, other: Simulation) -> bool:
    """Return whether two simulations call the same operators in the same order, on the same tensors and arguments."""
    return list(_flat(one.profile.events)) == list(_flat(other.profile.events))


@dataclass(frozen=True, slots=True)
class _Line:
    low: int
    high: int
    batch_size: int

    def number(self, one: int, other: int) -> int:
        if one == other:
            return one
        value, rest = divmod((other - one) * (self.batch_size - self.low), self.high - self.low)
        if rest:
            raise NotLinearError
        return one + value

    def numbers(self, one: Sequence[int], other: Sequence[int]) -> list[int]:
        return [self.number(*pair) for pair in _pairs(one, other)]

    def events(self, one: Sequence[Event], other: Sequence[Event]) -> tuple[Event, ...]:
        return tuple(self._event(*pair) for pair in _pairs(one, other))

    def _event(self, one: Event, other: Event) -> Event:
        if (one.name, one.category) != (other.name, other.category):
            raise NotLinearError
        inputs = tuple(self._argument(*pair) for pair in _pairs(one.inputs, other.inputs))
        return replace(one, inputs=inputs, children=self.events(one.children, other.children))

    def _argument(self, one: Any, other: Any) -> Any:
        if type(one) is not type(other):
            raise NotLinearError
        if isinstance(one, TensorSpec):
            return self._tensor(one, other)
        if isinstance(one, tuple):
            return tuple(self._argument(*pair) for pair in _pairs(one, other))
        if isinstance(one, int) and not isinstance(one, bool):
            return self.number(one, other)
        if one != other and not isinstance(one, float):  # numbers that are computed with decide no cost
            raise NotLinearError
        return one

    def _tensor(self, one: TensorSpec, other: TensorSpec) -> TensorSpec:
        if one.dtype != other.dtype or (one.strides is None) != (other.strides is None):
            raise NotLinearError
        shape = tuple(self.numbers(one.shape, other.shape))
        strides = None if one.strides is None else tuple(self.numbers(one.strides, other.strides or ()))
        return TensorSpec(shape, strides, one.dtype)


def _flat(events: Sequence[Event]) -> Iterator[tuple[Any, ...]]:
    """Return events in order with their depth; their numbers in sequence count from the first, not from a process's."""
    first: int | None = None

    def walk(nested: Sequence[Event], depth: int) -> Iterator[tuple[Any, ...]]:
        nonlocal first
        for event in nested:
            number = event.sequence_number
            first = number if first is None else first
            place = None if number is None or first is None else number - first
            yield depth, event.name, event.category, event.inputs, place
            yield from walk(event.children, depth + 1)

    return walk(events, 0)


def _pairs(one: Sequence[Any], other: Sequence[Any]) -> list[tuple[Any, Any]]:
    if len(one) != len(other):
        raise NotLinearError
    return list(zip(one, other, strict=True))
