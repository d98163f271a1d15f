"""Facts about shapes, strides and dtypes, held against torch's own."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from memprof.operators.traffic import tensor_bytes
from memprof.tensors import shapes
from memprof.tensors.spec import TensorSpec
from tests.operators.building import tensor

PROMOTED = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64")
NAMES = [name for name in shapes.ELEMENT_BYTES if hasattr(torch, name)]


def test_element_sizes_are_torchs() -> None:
    real = {name: getattr(torch, name).itemsize for name in NAMES}
    assert {name: shapes.element_bytes(name) for name in NAMES} == real
    with pytest.raises(LookupError, match="unknown dtype 'int3'"):
        shapes.element_bytes("int3")
    assert tensor_bytes(tensor(4, dtype="int3")) == 0
    assert tensor_bytes(tensor(4)) == 16


@pytest.mark.parametrize(
    ("first", "second"),
    list(product(PROMOTED, repeat=2)),
)
def test_promotion_is_torchs(first: str, second: str) -> None:
    expected = str(torch.promote_types(getattr(torch, first), getattr(torch, second))).removeprefix("torch.")
    assert shapes.promote(first, second) == expected


def test_dtype_arguments_by_number_and_by_name() -> None:
    assert [shapes.dtype_argument(value, "int8") for value in (6, 15, "torch.float16", None, True)] == [
        "float32",
        "bfloat16",
        "float16",
        "int8",
        "int8",
    ]


def _spec(real: torch.Tensor) -> TensorSpec:
    return TensorSpec(tuple(real.shape), tuple(real.stride()), str(real.dtype).removeprefix("torch."))


@given(some.lists(some.integers(1, 6), min_size=1, max_size=4), some.randoms(use_true_random=False), some.booleans())
@settings(max_examples=100, deadline=None)
def test_distinct_elements_and_contiguity_are_torchs(sizes: list[int], random: object, expand: bool) -> None:
    real = torch.arange(torch.Size(sizes).numel()).reshape(sizes)
    order = list(range(len(sizes)))
    random.shuffle(order)  # type: ignore[attr-defined]
    real = real.permute(order)
    if expand:
        real = real.unsqueeze(0).expand(3, *real.shape)
    assert shapes.stored_elements(_spec(real)) == real.unique().numel()
    assert shapes.is_contiguous(_spec(real)) == real.is_contiguous()


def test_overlapping_windows_store_no_more_than_the_memory_behind_them() -> None:
    windows = torch.arange(20).unfold(0, 5, 1)
    assert shapes.stored_elements(_spec(windows)) == 20
    assert shapes.stored_elements(tensor(0, 4)) == 0
    assert shapes.stored_elements(TensorSpec((3, 4), None, "float32")) == 12


def test_channels_last() -> None:
    real = torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last)
    assert shapes.is_channels_last(_spec(real))
    assert not shapes.is_channels_last(tensor(2, 3, 4, 5))
    assert not shapes.is_channels_last(_spec(torch.zeros(2, 3, 1, 1).to(memory_format=torch.channels_last)))


@given(some.lists(some.lists(some.sampled_from([1, 3]), max_size=4), min_size=1, max_size=3))
@settings(deadline=None)
def test_broadcasting_is_torchs(several: list[list[int]]) -> None:
    broadcast = shapes.broadcast_shapes(*(tuple(shape) for shape in several))
    assert broadcast == tuple(torch.broadcast_shapes(*several))


def test_arguments() -> None:
    assert shapes.spread((3,), 2, 1) == (3, 3)
    assert shapes.spread(None, 2, 1) == (1, 1)
    assert shapes.spread((1, 2), 2, 0) == (1, 2)
    assert shapes.axes((-1, 0), 3) == (0, 2)
    assert shapes.axes(None, 2) == (0, 1)
    assert shapes.axes((), 0) == ()
    assert shapes.integers(True) is None
    assert shapes.accumulation_dtype("bfloat16") == "float32"


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (tensor(2, 3, 4, 4), "channels-first"),
        (tensor(2, 3, 4, 4, strides=(48, 1, 12, 3)), "channels-last"),
        (tensor(2, 3, 1, 1, strides=(3, 1, 3, 3)), "channels-first"),  # both at once
        (tensor(2, 3, 4, 4, strides=(96, 16, 4, 1)), "strided"),
        (tensor(2, 3), "contiguous"),
        (tensor(2, 3, strides=(1, 2)), "strided"),
        (tensor(2, 3, strides=(0, 1)), "strided"),
        (TensorSpec((2, 3, 4, 4), None, "float32"), "unknown"),
    ],
)
def test_layouts_by_name(spec: TensorSpec, name: str) -> None:
    assert shapes.layout_name(spec) == name
