"""Facts about tensors that follow from shape, strides and dtype alone: sizes, layouts, broadcasting, promotion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import zip_longest
from math import prod

from memprof.tensors.spec import Argument, TensorSpec
from memprof.vocabulary import CHANNELS_FIRST, CHANNELS_LAST

Shape = tuple[int, ...]

ELEMENT_BYTES = {
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "uint16": 2,
    "int16": 2,
    "uint32": 4,
    "int32": 4,
    "uint64": 8,
    "int64": 8,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2": 1,
    "float8_e5m2fnuz": 1,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex32": 4,
    "complex64": 8,
    "complex128": 16,
}
"""Bytes of one element, by torch's dtype name (torch.dtype.itemsize)."""

SCALAR_TYPES = {
    0: "uint8",
    1: "int8",
    2: "int16",
    3: "int32",
    4: "int64",
    5: "float16",
    6: "float32",
    7: "float64",
    8: "complex32",
    9: "complex64",
    10: "complex128",
    11: "bool",
    15: "bfloat16",
}
"""The profiler records a dtype argument as its number in c10/core/ScalarType.h."""

_BOOL, _INTEGER, _FLOATING, _COMPLEX = range(4)


def element_bytes(dtype: str) -> int:
    """Return the bytes of one element of `dtype`; LookupError for a dtype that memprof does not know."""
    try:
        return ELEMENT_BYTES[dtype]
    except KeyError:
        raise LookupError(f"unknown dtype {dtype!r}") from None


def dtype_argument(value: Argument, default: str) -> str:
    """Return the dtype that a dtype argument names, by number or by text, or `default` where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return SCALAR_TYPES.get(value, default)
    if isinstance(value, str):
        return value.removeprefix("torch.")
    return default


def _category(dtype: str) -> int:
    if dtype.startswith(("float", "bfloat")):
        return _FLOATING
    if dtype.startswith("complex"):
        return _COMPLEX
    return _BOOL if dtype == "bool" else _INTEGER


def is_floating(dtype: str) -> bool:
    """Return whether arithmetic in `dtype` is floating-point; arithmetic on integers is no FLOP."""
    return _category(dtype) >= _FLOATING


def accumulation_dtype(dtype: str) -> str:
    """Return the dtype in which CUDA kernels accumulate and keep statistics (at::acc_type)."""
    return "float32" if dtype in ("float16", "bfloat16") or dtype.startswith("float8") else dtype


@cache
def promote(first: str, second: str) -> str:
    """Return the dtype that an operation on these two dtypes computes in (torch.promote_types)."""
    if first == second:
        return first
    low, high = sorted((first, second), key=lambda dtype: (_category(dtype), element_bytes(dtype)))
    if {low, high} == {"float16", "bfloat16"}:
        return "float32"
    if (low, high) == ("float64", "complex64"):
        return "complex128"
    return high


def promoted_dtype(tensors: Sequence[TensorSpec], scalars: Iterable[Argument] = ()) -> str:
    """Return the result dtype of an element-wise operation (torch.result_type).

    A 0-dimensional tensor or a Python number changes the dtype only where it is of a higher category
    (a float beside integers); the profiler records Python numbers as either.
    """
    full = [tensor for tensor in tensors if tensor.shape]
    dtype = full[0].dtype if full else tensors[0].dtype
    for tensor in full[1:]:
        dtype = promote(dtype, tensor.dtype)
    weak = [tensor.dtype for tensor in tensors if not tensor.shape]
    weak += ["float32" for scalar in scalars if isinstance(scalar, float)]
    for other in weak:
        if _category(other) > _category(dtype):
            dtype = "float32" if other == "float64" else other
    return dtype


def elements(tensor: TensorSpec) -> int:
    """Return the number of elements of `tensor`, repeated ones included."""
    return prod(tensor.shape)


def logical_bytes(tensor: TensorSpec) -> int:
    """Return the bytes of all elements of `tensor`, repeated ones included."""
    return prod(tensor.shape) * element_bytes(tensor.dtype)


def stored_elements(tensor: TensorSpec) -> int:
    """Return the number of distinct elements behind `tensor`.

    An expanded dimension (stride 0) repeats the same elements; overlapping windows (a small stride after unfold)
    cannot touch more than the stretch of memory between the first and the last element.
    """
    if tensor.strides is None:
        return prod(tensor.shape)
    if 0 in tensor.shape:
        return 0
    count, span = 1, 1
    for size, stride in zip(tensor.shape, tensor.strides, strict=False):
        if stride:
            count *= size
            span += (size - 1) * abs(stride)
    return min(count, span)


def stored_bytes(tensor: TensorSpec) -> int:
    """Return the distinct bytes behind `tensor`: what must come from memory at least once to read it."""
    return stored_elements(tensor) * element_bytes(tensor.dtype)


def _dense_in_order(tensor: TensorSpec, order: Iterable[int]) -> bool:
    if tensor.strides is None:
        return True
    expected = 1
    for axis in order:
        if tensor.shape[axis] != 1:
            if tensor.strides[axis] != expected:
                return False
            expected *= tensor.shape[axis]
    return True


def is_contiguous(tensor: TensorSpec) -> bool:
    """Return whether `tensor` is dense in row-major order; assumed where the profile has no strides."""
    return _dense_in_order(tensor, range(len(tensor.shape) - 1, -1, -1))


def is_channels_last(tensor: TensorSpec) -> bool:
    """Return whether `tensor` (N, C, spatial...) is dense with channels innermost and not also row-major."""
    if tensor.strides is None or len(tensor.shape) not in (4, 5) or is_contiguous(tensor):
        return False
    return is_packed(tensor, channels_last=True)


def is_packed(tensor: TensorSpec, *, channels_last: bool) -> bool:
    """Return whether `tensor` (N, C, spatial...) is dense in the named memory format; assumed without strides."""
    rank = len(tensor.shape)
    if channels_last and rank in (4, 5):
        return _dense_in_order(tensor, (1, *range(rank - 1, 1, -1), 0))
    return is_contiguous(tensor)


def layout_name(tensor: TensorSpec) -> str:
    """Return how `tensor` lies in memory: "channels-last", "channels-first", "contiguous", "strided" or "unknown".

    The first two are of dense images and volumes (N, C, spatial...), "contiguous" of dense tensors of other ranks; an
    image that is dense both ways is "channels-first". "unknown": the profile recorded no strides.
    """
    if tensor.strides is None:
        return "unknown"
    if is_channels_last(tensor):
        return CHANNELS_LAST
    if not is_contiguous(tensor):
        return "strided"
    return CHANNELS_FIRST if len(tensor.shape) in (4, 5) else "contiguous"


def dense(shape: Shape, dtype: str) -> TensorSpec:
    """Return a fresh row-major tensor, for an output that the profiler does not record."""
    return TensorSpec(shape, None, dtype)


def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape that `shapes` broadcast to (a dimension of size 1 stretches)."""
    columns = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    return tuple(next((size for size in column if size != 1), 1) for column in columns)[::-1]


def integers(value: Argument) -> tuple[int, ...] | None:
    """Return a list-of-integers argument, a single integer as a list of one, or None where none was recorded."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
        return tuple(item for item in value if isinstance(item, int))
    return None


def spread(value: Argument, count: int, default: int) -> tuple[int, ...]:
    """Return an argument with one integer per spatial dimension; one integer, or none, serves all of them."""
    named = integers(value) or (default,)
    return named if len(named) == count else (named[0],) * count


def axes(value: Argument, rank: int) -> tuple[int, ...]:
    """Return the dimensions that a reduction's `dim` argument names; none named means all of them."""
    named = integers(value)
    if not named:
        return tuple(range(rank))
    return tuple(sorted({axis % rank for axis in named})) if rank else ()


def is_flag(value: Argument) -> bool:
    """Return whether a recorded flag is set; the profiler records some as 0 and 1."""
    return value in (True, 1)


def memory_orders(tensors: Sequence[TensorSpec]) -> set[tuple[int, ...]]:
    """Return the orders of dimensions, outermost first, in which the largest of `tensors` lie in memory.

    Tensors without strides, and broadcast ones (smaller than the largest, or expanded), do not count.
    """
    largest = max((elements(tensor) for tensor in tensors), default=0)
    return {_order(tensor) for tensor in tensors if elements(tensor) == largest and _has_order(tensor)}


def _has_order(tensor: TensorSpec) -> bool:
    strides = tensor.strides
    return strides is not None and all(stride for size, stride in zip(tensor.shape, strides, strict=True) if size > 1)


def packed_order(shape: Shape, *, channels_last: bool) -> tuple[int, ...]:
    """Return the order of dimensions, outermost first, of a dense tensor (N, C, spatial...) in a memory format."""
    moving = [axis for axis, size in enumerate(shape) if size > 1]
    return tuple([axis for axis in moving if axis != 1] + [1] if channels_last and 1 in moving else moving)


def _order(tensor: TensorSpec) -> tuple[int, ...]:
    strides = tensor.strides or ()
    moving = [axis for axis, size in enumerate(tensor.shape) if size > 1]
    return tuple(sorted(moving, key=lambda axis: -strides[axis]))
