"""Arguments of operators as a trace writes them: shapes, strides and types of tensors, and numbers as text.

The text is read by a small strict parser; nothing in a trace is ever evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from memprof.calls import flatten_tensors
from memprof.tensors.spec import Argument, TensorSpec
from memprof.traces.wire import WireArguments

UNKNOWN_TYPE = ""
"""Stands for the type of tensors in a list, which no trace records."""

_TYPES = {
    "float": "float32",
    "double": "float64",
    "c10::Half": "float16",
    "c10::BFloat16": "bfloat16",
    "long int": "int64",
    "long": "int64",
    "long long": "int64",
    "__int64": "int64",
    "int": "int32",
    "short int": "int16",
    "short": "int16",
    "signed char": "int8",
    "unsigned char": "uint8",
    "bool": "bool",
    "short unsigned int": "uint16",
    "unsigned short": "uint16",
    "unsigned int": "uint32",
    "long unsigned int": "uint64",
    "unsigned long": "uint64",
    "unsigned __int64": "uint64",
    "c10::complex<c10::Half>": "complex32",
    "c10::complex<float>": "complex64",
    "c10::complex<double>": "complex128",
}
"""torch's name of a type by C++'s, which compilers spell differently (caffe2::TypeMeta::name)."""
_NOT_TENSORS = frozenset(
    {
        "",
        "Scalar",
        "ScalarList",
        "GenericList",
        "Int",
        "Bool",
        "Double",
        "String",
        "Device",
        "None",
        "Generator",
        "nullptr (uninitialized)",
    }
)
_LIST = "TensorList"
_WHOLE = re.compile(r"-?\d{1,30}")
_FRACTIONAL = re.compile(r"-?(?:\d{1,400}\.?\d{0,400}(?:[eE][-+]?\d{1,5})?|inf|nan)")
_WORDS: dict[str, Argument] = {"True": True, "False": False, "None": None, "": None}
_TOKEN = re.compile(r"\s*([\[\],]|[^\[\],]*[^\[\],\s])\s*")
_DEEPEST_LIST = 8
_MOST = (1 << 63) - 1
"""The largest number that torch has for a size, a stride or an argument (int64)."""
_MOST_ELEMENTS = 1 << 40
"""Of one tensor: a terabyte of its smallest type, which no device holds."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a call.

    `unknown_types` tells that some tensors, those in lists, have no type; `unseen_lists` that the profiler left the
    shapes of a list out, as it does where it is long; `impossible_sizes` that no tensor can have the shape or the
    strides that are recorded. Such a list or tensor is None.
    """

    values: tuple[Argument, ...] = ()
    unknown_types: bool = False
    unseen_lists: bool = False
    impossible_sizes: bool = False
    has_strides: bool = False
    has_concrete: bool = False


NO_INPUTS = Inputs()


class ArgumentReader:
    """Reads the arguments of calls, each distinct list of them once: a network repeats its calls."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, ...], Inputs] = {}

    def read(self, arguments: WireArguments) -> Inputs:
        """Return the inputs of a call, by position."""
        dims = bytes(arguments.dims) or bytes(arguments.old_dims)
        key = (dims, bytes(arguments.types), bytes(arguments.strides), bytes(arguments.concrete))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _read(*map(_list, key))
        return known


def _list(text: bytes) -> list[object]:
    """Return a recorded list; one that is missing, or is no list, has no entries."""
    if not text:
        return []
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return value if isinstance(value, list) else []


def _read(dims: list[object], types: list[object], strides: list[object], concrete: list[object]) -> Inputs:
    count = max(map(len, (dims, types, strides, concrete)))
    if not count:
        return NO_INPUTS
    places = [[_at(column, place) for column in (types, dims, strides, concrete)] for place in range(count)]
    values = tuple(_argument(*place) for place in places)
    return Inputs(
        values,
        unknown_types=any(tensor.dtype == UNKNOWN_TYPE for tensor in flatten_tensors(values)),
        unseen_lists=any(
            kind == _LIST and not sizes and value is None
            for (kind, sizes, *_), value in zip(places, values, strict=True)
        ),
        impossible_sizes=not all(
            _is_possible(sizes, _shape) and _is_possible(steps, _numbers) for _, sizes, steps, _ in places
        ),
        has_strides=bool(strides),
        has_concrete=bool(concrete),
    )


def _at(column: Sequence[object], place: int) -> object:
    return column[place] if place < len(column) else None


def _argument(kind: object, dims: object, strides: object, text: object) -> Argument:
    if kind == _LIST:
        shapes = _shapes(dims)
        steps = strides if isinstance(strides, list) else []
        return tuple(_tensor(shape, _at(steps, place), UNKNOWN_TYPE) for place, shape in enumerate(shapes)) or None
    shape = _shape(dims)
    if shape is None and dims:
        return None
    if isinstance(kind, str) and kind not in _NOT_TENSORS:
        if kind in _TYPES:
            return _tensor(shape or (), strides, _TYPES[kind])
        if shape or kind.startswith("c10::"):  # 8-bit floats, quantized types, and what there may be one day
            return _tensor(shape or (), strides, kind.removeprefix("c10::").lower())
    if kind is None and shape:  # no types recorded
        return _tensor(shape, strides, UNKNOWN_TYPE)
    return parse_value(text) if isinstance(text, str) else None


def _tensor(shape: tuple[int, ...], strides: object, dtype: str) -> TensorSpec:
    steps = _numbers(strides)
    return TensorSpec(shape, steps if steps is not None and len(steps) == len(shape) else None, dtype)


def _shape(value: object) -> tuple[int, ...] | None:
    """Return a list of sizes, None where it is something else or more elements than a device holds."""
    sizes = _numbers(value)
    elements = 1
    for size in sizes or ():
        elements *= max(size, 1)
        if elements > _MOST_ELEMENTS:
            return None
    return sizes


def _numbers(value: object) -> tuple[int, ...] | None:
    """Return a list of whole numbers that may be sizes or strides, None where it is something else."""
    if isinstance(value, list) and all(type(item) is int and 0 <= item <= _MOST for item in value):
        return tuple(value)
    return None


def _is_possible(value: object, read: Callable[[object], object]) -> bool:
    """Tell whether `read` understands a list, or every list in it."""
    if not isinstance(value, list):
        return True
    lists = value if value and all(isinstance(item, list) for item in value) else [value]
    return all(read(item) is not None for item in lists)


def _shapes(value: object) -> list[tuple[int, ...]]:
    """Return a list of shapes, empty where it is something else."""
    if not isinstance(value, list):
        return []
    items = [_shape(item) for item in value]
    return [item for item in items if item is not None] if None not in items else []


def parse_value(text: str) -> Argument:
    """Return the number, truth value or list that a trace's text stands for; other text stays text.

    None for the empty text, and for a list that is malformed or too deep.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        number = int(text)
        return number if -_MOST <= number <= _MOST else None
    if _FRACTIONAL.fullmatch(text):
        return float(text)
    return _parse_list(text) if text.startswith("[") else text


def _parse_list(text: str) -> Argument:
    """Parse "[1, [2., True]]": brackets, and commas between values."""
    open_lists: list[list[Argument]] = []
    place = 0
    wants_value = True
    while match := _TOKEN.match(text, place):
        token, place = match[1], match.end()
        if token == "[" and wants_value and len(open_lists) < _DEEPEST_LIST:
            open_lists.append([])
        elif token == "]" and open_lists and (not wants_value or not open_lists[-1]):
            done = tuple(open_lists.pop())
            if not open_lists:
                return done if place == len(text) else None
            open_lists[-1].append(done)
            wants_value = False
        elif token == "," and not wants_value:
            wants_value = True
        elif token not in "[]," and wants_value and open_lists:
            open_lists[-1].append(parse_value(token))
            wants_value = False
        else:
            return None
    return None


def fill_types(values: tuple[Argument, ...], dtype_of: Callable[[tuple[int, ...]], str]) -> tuple[Argument, ...]:
    """Return inputs with the types of tensors that have none filled in, by their shapes."""
    return tuple(_fill_type(value, dtype_of) for value in values)


def _fill_type(value: Argument, dtype_of: Callable[[tuple[int, ...]], str]) -> Argument:
    if isinstance(value, tuple):
        return fill_types(value, dtype_of)
    if isinstance(value, TensorSpec) and value.dtype == UNKNOWN_TYPE:
        return TensorSpec(value.shape, value.strides, dtype_of(value.shape))
    return value
