"""How much memory a step needs at once: every tensor's storage, from the operator that makes it to its last use.

Autograd itself decides what it keeps for the backward pass, also on the meta device, so what is alive here is what
would be alive on a GPU. Not counted: workspaces inside cuDNN and cuBLAS, the CUDA context, and what the caching
allocator rounds up or cannot reuse (fragmentation).
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

MOST_MOMENTS = 200
"""Of a step's course: of operators in a row that share one, the moment is that which needs most."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The most bytes alive while an operator ran, and what of them its gradients are."""

    operator: str
    phase: str
    allocated_bytes: int
    gradients_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes alive when a step needs most, by what holds them; `peak_bytes` is their sum.

    `parameters_bytes` includes buffers; `activations_bytes` is everything else: inputs, what autograd keeps, temporary
    results. `course` is how much was alive over the step.
    """

    peak_bytes: int
    parameters_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    activations_bytes: int
    course: tuple[Moment, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class MemoryTimeline:
    """The storages of a step: their `sizes` in bytes, and `events`, in order: i where the i-th is made, ~i where freed.

    `parameters`, `gradients` and `optimizer` are the places in `sizes` of what these hold. `marks` are the operators
    that ran, in order: how many events there were after it, its name, its phase.
    """

    sizes: tuple[int, ...]
    events: tuple[int, ...]
    parameters: frozenset[int]
    gradients: frozenset[int]
    optimizer: frozenset[int]
    marks: tuple[tuple[int, str, str], ...] = ()

    def use(self) -> MemoryUse:
        """Return what was alive at the peak."""
        alive: set[int] = set()
        for event in self.events[: self._peak_moment()]:
            if event >= 0:
                alive.add(event)
            else:
                alive.discard(~event)
        held, grown, kept = (self._sum(alive & owners) for owners in (self.parameters, self.gradients, self.optimizer))
        peak = self._sum(alive)
        return MemoryUse(peak, held, grown, kept, peak - held - grown - kept, self.course())

    def course(self) -> tuple[Moment, ...]:
        """Return the most that was alive while each operator ran, in order, MOST_MOMENTS at most."""
        moments = []
        now = grown = place = 0
        for end, operator, phase in self.marks:
            most = now, grown
            for event in self.events[place:end]:
                size = self.sizes[event] if event >= 0 else -self.sizes[~event]
                now += size
                grown += size if max(event, ~event) in self.gradients else 0
                most = max(most, (now, grown))
            place = end
            moments.append(Moment(operator, phase, *most))
        together = max(1, -(-len(moments) // MOST_MOMENTS))
        parts = [moments[start : start + together] for start in range(0, len(moments), together)]
        return tuple(max(part, key=lambda moment: moment.allocated_bytes) for part in parts)

    def _peak_moment(self) -> int:
        now = peak = moment = 0
        for place, event in enumerate(self.events):
            now += self.sizes[event] if event >= 0 else -self.sizes[~event]
            if now > peak:
                peak, moment = now, place + 1
        return moment

    def _sum(self, serials: frozenset[int] | set[int]) -> int:
        return sum(self.sizes[serial] for serial in serials)


class MemoryMeter:
    """Follows the storages of tensors from their first sight to their death."""

    def __init__(self) -> None:
        self._alive: dict[int, int] = {}
        self._sizes: list[int] = []
        self._events: list[int] = []
        self._marks: list[tuple[int, str, str]] = []

    def note(self, result: Any) -> None:
        """Take account of the tensors in the result of an operator."""
        if isinstance(result, Tensor):
            self._note_tensor(result)
        elif isinstance(result, (tuple, list, dict)):
            for item in result.values() if isinstance(result, dict) else result:
                self.note(item)

    def mark(self, operator: str, phase: str) -> None:
        """Take account of an operator that has run, whose result was noted."""
        self._marks.append((len(self._events), operator, phase))

    def _note_tensor(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        address = storage._cdata
        if address not in self._alive:
            serial = len(self._sizes)
            self._alive[address] = serial
            self._sizes.append(storage.nbytes())
            self._events.append(serial)
            # The storage's Python object lives as long as the storage itself, whoever holds it.
            weakref.finalize(storage, self._free, address, serial).atexit = False

    def _free(self, address: int, serial: int) -> None:
        if self._alive.get(address) == serial:
            del self._alive[address]
            self._events.append(~serial)

    def serials(self, tensors: Iterable[Tensor | None]) -> set[int]:
        """Return the identities of the storages of living tensors."""
        addresses = {tensor.untyped_storage()._cdata for tensor in tensors if tensor is not None}
        return {self._alive[address] for address in addresses if address in self._alive}

    def timeline(self, parameters: set[int], gradients: set[int], optimizer: set[int]) -> MemoryTimeline:
        """Return what has happened until now; storages in none of the three sets are activations."""
        owners = frozenset(parameters), frozenset(gradients), frozenset(optimizer)
        return MemoryTimeline(tuple(self._sizes), tuple(self._events), *owners, tuple(self._marks))

    def use(self, parameters: set[int], gradients: set[int], optimizer: set[int]) -> MemoryUse:
        """Return what was alive at the peak; storages in none of the three sets are activations."""
        return self.timeline(parameters, gradients, optimizer).use()
