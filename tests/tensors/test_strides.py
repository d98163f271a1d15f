"""The stride arithmetic against PyTorch's own answers on real CPU tensors."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memprof.tensors import strides

SIZES = st.integers(1, 4)


@st.composite
def permuted_tensors(draw, count: int = 1, rank: int = 4):
    """Tensors of one shape, each stored in an order of its own, some with gaps and some broadcast dimensions."""
    shape = draw(st.lists(SIZES, min_size=rank, max_size=rank))
    return [draw(_stored(shape)) for _ in range(count)]


@st.composite
def _stored(draw, shape):
    rank = len(shape)
    own = [size if draw(st.integers(0, 4)) else 1 for size in shape]
    order = draw(st.permutations(range(rank)))
    gap = draw(st.integers(0, 1))
    stored = torch.empty([own[dim] + (gap if dim == order[-1] else 0) for dim in order])
    back = [order.index(dim) for dim in range(rank)]
    return stored.permute(back)[tuple(slice(0, size) for size in own)]


@given(permuted_tensors(count=2))
def test_elementwise_results_are_laid_out_as_pytorch_does(tensors):
    real = tensors[0] + tensors[1]
    laid_out = strides.elementwise_strides(real.shape, [(tensor.shape, tensor.stride()) for tensor in tensors])
    assert laid_out == real.stride()


@given(permuted_tensors())
def test_unary_results_are_laid_out_as_pytorch_does(tensors):
    (tensor,) = tensors
    assert strides.elementwise_strides(tensor.shape, [(tensor.shape, tensor.stride())]) == tensor.neg().stride()


@given(permuted_tensors())
def test_empty_like_preserves_what_pytorch_preserves(tensors):
    (tensor,) = tensors
    assert strides.preserved_strides(tensor.shape, tensor.stride()) == torch.empty_like(tensor).stride()


@given(st.lists(SIZES, min_size=4, max_size=4))
def test_channels_last_strides_are_pytorchs(shape):
    real = torch.empty(shape).to(memory_format=torch.channels_last)
    assert strides.channels_last_strides(shape) == torch.empty(shape, memory_format=torch.channels_last).stride()
    assert strides.contiguous_strides(shape) == torch.empty(shape).stride()
    assert real.shape == tuple(shape)


@pytest.mark.parametrize(
    ("shape", "stored", "expected"),
    [
        ((2, 8, 5, 5), (200, 1, 40, 8), True),
        ((2, 8, 5, 5), (200, 25, 5, 1), False),
        # A slice of the first 2 of 8 channels keeps the format: pixels have gaps.
        ((2, 2, 5, 5), (200, 1, 40, 8), True),
        # One channel is both; ATen calls it channels-first.
        ((2, 1, 5, 5), (25, 25, 5, 1), False),
        # A broadcast channel is neither.
        ((2, 8, 5, 5), (25, 0, 5, 1), False),
        ((2, 8), (8, 1), False),
    ],
)
def test_channels_last_is_recognised(shape, stored, expected):
    assert strides.seems_channels_last(shape, stored) is expected


@given(permuted_tensors())
def test_channels_last_is_recognised_where_a_copy_would_keep_it(tensors):
    (tensor,) = tensors
    pooled = torch.nn.functional.max_pool2d(tensor, 1)  # its result is in the format that ATen sees in the input
    assert strides.suggested_strides(tensor.shape, (tensor.shape, tensor.stride())) == pooled.stride()
