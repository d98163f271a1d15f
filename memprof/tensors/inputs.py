"""What a model is called with, without torch: tensors by shape and dtype, in tuples, lists and dicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from memprof.errors import WorkloadError, did_you_mean
from memprof.tensors.shapes import ELEMENT_BYTES

_FORM = re.compile(r"(scalar|\d+(?:x\d+)*)(?::(\w+))?", re.ASCII)
_LARGEST = 1 << 62
"""Bytes of one tensor: what is more does not fit into torch's 64-bit sizes."""
_HOW = 'write one as memprof.spec("2x3x224x224", "float32")'


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A tensor to give to a model: `shape` in elements, `dtype` by torch's name ("float32"). Make one with `spec`."""

    shape: tuple[int, ...]
    dtype: str = "float32"

    def __str__(self) -> str:
        """Return the form that `spec` reads."""
        sizes = "x".join(map(str, self.shape)) or "scalar"
        return sizes if self.dtype == "float32" else f"{sizes}:{self.dtype}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The arguments of a model's forward: InputSpecs and plain values, possibly nested in tuples, lists and dicts."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the arguments as a call has them: `2x3x224x224, mask=2x224:bool`."""
        named = (f"{name}={_text(value)}" for name, value in self.kwargs.items())
        return ", ".join([*map(_text, self.args), *named])

    def tensors(self) -> Iterator[InputSpec]:
        """Return the tensors, in order."""
        yield from _leaves((*self.args, *self.kwargs.values()))

    @property
    def batch_size(self) -> int:
        """Return how many samples they hold: the first tensor's first size, or the length of a list of tensors."""
        for value in (*self.args, *self.kwargs.values()):
            if isinstance(value, list) and value and all(isinstance(item, InputSpec) for item in value):
                return len(value)
            for tensor in _leaves(value):
                return tensor.shape[0] if tensor.shape else 1
        raise AssertionError("inputs without tensors are refused where they are read")

    def with_batch(self, batch_size: int) -> Inputs:
        """Return them with that many samples: the tensors whose first size is the batch get another; WorkloadError.

        A list of tensors that holds a sample each becomes as long, of the first one's shape.
        """
        batch = self.batch_size

        def change(value: Any) -> Any:
            if isinstance(value, list) and len(value) == batch and all(isinstance(item, InputSpec) for item in value):
                return [value[0]] * batch_size
            if isinstance(value, InputSpec):
                is_batch = value.shape and value.shape[0] == batch
                return _checked((batch_size, *value.shape[1:]), value.dtype) if is_batch else value
            return map_nested(value, change)

        return Inputs(tuple(map(change, self.args)), {name: change(value) for name, value in self.kwargs.items()})

    @property
    def resolution(self) -> int | None:
        """Return the pixels a side where the first tensor is a batch of square images, else None."""
        first = next(self.tensors())
        is_square = len(first.shape) == 4 and first.shape[2] == first.shape[3] and first.shape[1] <= first.shape[2]
        return first.shape[2] if is_square else None


def spec(shape: str | Sequence[int], dtype: str = "float32") -> InputSpec:
    """Describe a tensor to give to a model: `spec("2x3x224x224", "float32")`, `spec((2, 77), "int64")`.

    The text may name the dtype, too: `spec("2x77:int64")`; "scalar" is the shape of a single number. WorkloadError
    where the shape is empty or makes no sense, or the dtype is none of torch's.
    """
    if isinstance(shape, str):
        match = _FORM.fullmatch(shape.replace(" ", ""))
        if not match:
            raise WorkloadError(
                f"{shape!r} is no shape", 'write sizes with x between them, such as "2x3x224x224:float32"'
            )
        sizes = () if match[1] == "scalar" else tuple(int(size) for size in match[1].split("x"))
        dtype = match[2] or dtype
    else:
        sizes = tuple(shape)
    return _checked(sizes, str(dtype).removeprefix("torch."))


def _checked(sizes: tuple[int, ...], dtype: str) -> InputSpec:
    if dtype not in ELEMENT_BYTES:
        raise WorkloadError(f"unknown dtype {dtype!r}", did_you_mean(dtype, ELEMENT_BYTES))
    text = "x".join(map(str, sizes))
    if any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes):
        raise WorkloadError(f"a tensor of {text} is empty or makes no sense", "give sizes of at least 1")
    if prod(sizes) * ELEMENT_BYTES[dtype] > _LARGEST:
        raise WorkloadError(f"a tensor of {text} is larger than torch can describe", "give smaller sizes")
    return InputSpec(sizes, dtype)


def read_inputs(inputs: Any, kwargs: Mapping[str, Any] | None) -> Inputs | None:
    """Return the arguments that a user gave; None where neither is given.

    A tuple holds positional arguments, anything else is a single one. Tensors, of torch or anything else with `shape`
    and `dtype`, are read for these alone; text of the form "2x3x224x224:float32" describes one.
    """
    if inputs is None and not kwargs:
        return None
    args = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    if kwargs is not None and not isinstance(kwargs, Mapping):
        raise WorkloadError(f"kwargs is a {type(kwargs).__name__}", "give a dict of names and tensors")
    read = Inputs(tuple(_read(value) for value in args), {name: _read(value) for name, value in (kwargs or {}).items()})
    if next(read.tensors(), None) is None:
        raise WorkloadError(f"the inputs hold no tensor: {inputs!r:.80}", _HOW)
    return read


def _read(value: Any) -> Any:
    if isinstance(value, str) and _FORM.fullmatch(value) and ("x" in value or ":" in value):
        return spec(value)
    if isinstance(value, InputSpec):
        return _checked(value.shape, value.dtype)
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _checked(tuple(int(size) for size in value.shape), str(value.dtype).removeprefix("torch."))
    return map_nested(value, _read)


def map_nested(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return `value` with `change` made to what its tuple, list or dict holds; itself where it is none of these."""
    if isinstance(value, Mapping):
        return {name: change(item) for name, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(change, value))
    return type(value)(map(change, value)) if type(value) in (tuple, list) else value


def _leaves(value: Any) -> Iterator[InputSpec]:
    if isinstance(value, InputSpec):
        yield value
    elif isinstance(value, (tuple, list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(item)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        same = len(value) > 2 and len(set(map(_text, value))) == 1
        return f"{len(value)} of {_text(value[0])}" if same else "[" + ", ".join(map(_text, value)) + "]"
    return str(value)
