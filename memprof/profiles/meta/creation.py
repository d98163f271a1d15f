"""Shape rules of operators that make a tensor of other ones' shapes: concatenation and `empty_like` with its kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from memprof.profiles.meta.elementwise import geometry
from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten


@rule(aten.cat.default)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Channels-last if every input is so, else row-major (ATen cat_compute_output_memory_format)."""
    kept = [tensor for tensor in tensors if tuple(tensor.shape) != (0,)]
    shape = list(kept[0].shape)
    shape[dim] = sum(tensor.shape[dim] for tensor in kept)
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    if len(shape) in (4, 5) and all(layout.seems_channels_last(*geometry(tensor)) for tensor in tensors):
        return allocate(shape, layout.channels_last_strides(shape), dtype)
    return allocate(shape, layout.contiguous_strides(shape), dtype)


@rule(aten.empty_like.default)
def empty_like(input: Tensor, *, dtype: torch.dtype | None = None, memory_format: Any = None, **options: Any) -> Tensor:
    """A tensor like the input; preserve_format unless a format is named."""
    if memory_format in (None, torch.preserve_format):
        strides = layout.preserved_strides(*geometry(input))
    elif memory_format in (torch.channels_last, torch.channels_last_3d):
        strides = layout.channels_last_strides(input.shape)
    else:
        strides = layout.contiguous_strides(input.shape)
    return allocate(input.shape, strides, dtype or input.dtype)


@rule(aten.ones_like.default)
def ones_like(input: Tensor, **options: Any) -> Tensor:
    """Allocate, then fill: the fill is a kernel that the profile shows."""
    filled: Tensor = empty_like(input, **options)
    return filled.fill_(1)


@rule(aten.zeros_like.default)
def zeros_like(input: Tensor, **options: Any) -> Tensor:
    """Allocate, then fill."""
    filled: Tensor = empty_like(input, **options)
    return filled.zero_()


@rule(aten.new_zeros.default)
def new_zeros(input: Tensor, size: Sequence[int], *, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """Row-major zeros of the input's type."""
    return allocate(size, layout.contiguous_strides(size), dtype or input.dtype).zero_()


@rule(aten.rand.default)
def rand(size: Sequence[int], *, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """Allocate, then draw."""
    return allocate(size, layout.contiguous_strides(size), dtype or torch.get_default_dtype()).uniform_()


@rule(aten.randn.default)
def randn(size: Sequence[int], *, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """Allocate, then draw."""
    return allocate(size, layout.contiguous_strides(size), dtype or torch.get_default_dtype()).normal_()


@rule(aten.randint.default)
def randint(high: int, size: Sequence[int], *, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """Allocate, then draw."""
    return allocate(size, layout.contiguous_strides(size), dtype or torch.int64).random_()


@rule(aten.randint.low)
def randint_from(low: int, high: int, size: Sequence[int], **options: Any) -> Tensor:
    """Allocate, then draw."""
    drawn: Tensor = randint(high, size, **options)
    return drawn
