"""Shape rules of operators that make a tensor of other ones' shapes: concatenation and `empty_like` with its kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def _drawn(operator: Any, fill: str, usual: torch.dtype | None) -> Callable[..., Tensor]:
    """Return the rule of an operator that allocates, then draws; its last argument by position is the size."""

    def draw(*args: Any, dtype: torch.dtype | None = None, device: Any = None, **options: Any) -> Tensor:
        if device is not None and torch.device(device).type != "meta":
            real: Tensor = operator(*args, dtype=dtype, device=device, **options)
            return real
        size = args[-1]
        made = allocate(size, layout.contiguous_strides(size), dtype or usual or torch.get_default_dtype())
        filled: Tensor = getattr(made, fill)()
        return filled

    return draw


rule(aten.rand.default)(_drawn(aten.rand.default, "uniform_", None))
rule(aten.randn.default)(_drawn(aten.randn.default, "normal_", None))
rule(aten.randint.default)(_drawn(aten.randint.default, "random_", torch.int64))
rule(aten.randint.low)(_drawn(aten.randint.low, "random_", torch.int64))
