"""Values that do not come from data: a meta tensor made of Python numbers keeps them, and so does what is made of it.

Networks read sizes, schedules and masks of their own making (`.item()`, `if mask.all()`). Such tensors are small, so
they are computed on the CPU beside the meta device, and reading them works as in a real run.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from memprof.profiles.records import ASIDE
from memprof.profiles.scopes import record_scope

MOST_ELEMENTS = 1 << 18
"""A tensor of more elements keeps no values: no network steers by so many."""

aten = torch.ops.aten

_RANDOM = torch.Tag.nondeterministic_seeded
_MAKERS = frozenset(
    {
        aten.arange.default,
        aten.arange.start,
        aten.arange.start_step,
        aten.linspace.default,
        aten.zeros.default,
        aten.ones.default,
        aten.full.default,
        aten.eye.default,
        aten.eye.m,
        aten.scalar_tensor.default,
        aten.tril_indices.default,
        aten.triu_indices.default,
        aten.rand.default,
        aten.randn.default,
        aten.randint.default,
        aten.randint.low,
        aten.randperm.default,
    }
)
"""Operators that make a tensor of numbers alone; random ones choose which layers and patches are left out."""
_MAKERS_LIKE = frozenset(
    {
        aten.zeros_like.default,
        aten.ones_like.default,
        aten.full_like.default,
        aten.new_zeros.default,
        aten.new_ones.default,
        aten.new_full.default,
    }
)
"""Operators that need of their tensor no value, only the shape or type."""

_FILLERS = frozenset({aten.uniform_.default, aten.normal_.default, getattr(aten.random_, "from"), aten.random_.to})
"""Random operators that fill a tensor whatever was in it: by a few numbers networks choose a size or what to skip."""
_FEW = 64


class KnownValues:
    """Meta tensors whose values are known, each with its values on the CPU; `given` are known from the start."""

    def __init__(self, given: Iterable[tuple[Tensor, Tensor]] = ()) -> None:
        self._values: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}
        for tensor, values in given:
            self.remember(tensor, values)

    def remember(self, tensor: Tensor, values: Tensor) -> None:
        """Keep the values of a meta tensor of their shape."""
        if tensor.is_meta and tensor.shape == values.shape and values.numel() <= MOST_ELEMENTS:
            key = id(tensor)

            def forget(gone: weakref.ref[Tensor]) -> None:
                if key in self._values and self._values[key][0] is gone:
                    del self._values[key]

            self._values[key] = weakref.ref(tensor, forget), values

    def get(self, tensor: object) -> Tensor | None:
        """Return the values of a tensor, None where they are not known."""
        entry = self._values.get(id(tensor))
        return entry[1] if entry is not None and entry[0]() is tensor else None

    def guess(self, tensor: Tensor, answer: int) -> None:
        """Keep an assumed value of a tensor of one element."""
        value = beside(lambda: torch.tensor(answer, dtype=tensor.dtype))
        value.is_guess = True
        self.remember(tensor, value)

    def is_guessed(self, tensor: object) -> bool:
        """Return whether a tensor's value is assumed, or computed from one that is."""
        return getattr(self.get(tensor), "is_guess", False)

    def compute(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the operator's result on the CPU where every value it needs is known, else None."""
        if function in _MAKERS:
            return _small(lambda: function(*args, **_on_cpu(kwargs)), args)
        if function in _FILLERS and args[0].is_meta and args[0].numel() <= _FEW:
            filled = beside(lambda: function(torch.zeros(args[0].shape, dtype=args[0].dtype), *args[1:], **kwargs))
            self.remember(args[0], filled)
            return filled
        if not self._values and function not in _MAKERS_LIKE:
            return None
        tensors = list(_tensors((args, kwargs)))
        if not any(tensor.is_meta for tensor in tensors) or _RANDOM in function.tags:
            return None
        if function in _MAKERS_LIKE and len(tensors) == 1 and tensors[0].numel() <= MOST_ELEMENTS:
            real = [beside(lambda: torch.zeros(tensors[0].shape, dtype=tensors[0].dtype))]
        else:
            real = [value for tensor in tensors if (value := self._real(tensor)) is not None]
        if len(real) < len(tensors):
            self._invalidate(function, args)
            return None
        values = iter(real)
        replaced = _replace((args, _on_cpu(kwargs)), values)
        try:
            result = beside(lambda: function(*replaced[0], **replaced[1]))
        except RuntimeError:  # what no CPU computes
            self._invalidate(function, args)
            return None
        if isinstance(result, Tensor) and any(getattr(value, "is_guess", False) for value in real):
            result.is_guess = True  # type: ignore[attr-defined]
        return result

    def keep(self, result: Any, real: Any) -> None:
        """Remember the values `real` of an operator's result on meta, tensor by tensor."""
        if isinstance(result, Tensor) and isinstance(real, Tensor):
            self.remember(result, real)
        elif isinstance(result, (tuple, list)) and isinstance(real, (tuple, list)):
            for part, values in zip(result, real, strict=False):
                self.keep(part, values)

    def _real(self, tensor: Tensor) -> Tensor | None:
        return self.get(tensor) if tensor.is_meta else tensor

    def _invalidate(self, function: Any, args: tuple[Any, ...]) -> None:
        """Forget what an operator writes unknown values into, with all views of it."""
        if not args or not function._schema.is_mutable:
            return
        written = self.get(args[0])
        if written is not None:
            storage = written.untyped_storage()._cdata
            gone = [key for key, (_, value) in self._values.items() if value.untyped_storage()._cdata == storage]
            for key in gone:
                del self._values[key]


def _small(compute: Callable[[], Any], args: tuple[Any, ...]) -> Any:
    """Compute on the CPU, unless the sizes among `args` say that the result is large."""
    sizes = [item for arg in args for item in (arg if isinstance(arg, (tuple, list)) else (arg,))]
    count = 1.0
    for size in sizes:
        count *= max(1.0, abs(size)) if isinstance(size, (int, float)) else 1.0
    if count > MOST_ELEMENTS:
        return None
    return beside(compute)


def beside(compute: Callable[[], Any]) -> Any:
    """Return what `compute` makes on the CPU, of which the profile does not know."""
    with record_scope(ASIDE), torch.device("cpu"):
        return compute()


def _on_cpu(kwargs: dict[str, Any]) -> dict[str, Any]:
    return kwargs | {"device": torch.device("cpu")} if kwargs.get("device") is not None else kwargs


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))


def _replace(value: Any, real: Iterator[Tensor]) -> Any:
    if isinstance(value, Tensor):
        return next(real)
    if isinstance(value, (tuple, list)):
        return type(value)(_replace(item, real) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, real) for key, item in value.items()}
    return value
