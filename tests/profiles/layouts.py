"""CPU tensors of every layout that a kernel may meet, as hypothesis strategies; and the rules held against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

Draw = Any


def stored(
    draw: Draw, shape: Sequence[int], dtype: torch.dtype = torch.float32, *, gaps: bool = True, spread: bool = False
) -> Tensor:
    """Draw a tensor of `shape`: row-major, channels-last, permuted; with `gaps` sliced; given `spread`, broadcast."""
    layouts = ["row-major", "permuted", *(["channels-last"] * 2 if len(shape) == 4 else [])]
    layout = draw(st.sampled_from(layouts + (["sliced"] if gaps else []) + (["broadcast"] if spread else [])))
    if layout == "permuted":
        order = draw(st.permutations(range(len(shape))))
        made = filled([shape[dim] for dim in order], dtype)
        return made.permute([order.index(dim) for dim in range(len(shape))])
    if layout == "broadcast":
        return filled([size if draw(st.booleans()) else 1 for size in shape], dtype).expand(shape)
    if layout == "sliced" and shape:
        return packed(draw, [*shape[:1], *(size + 1 for size in shape[1:])], dtype)[tuple(slice(n) for n in shape)]
    return packed(draw, shape, dtype, channels_last=layout == "channels-last")


def packed(draw: Draw, shape: Sequence[int], dtype: torch.dtype, *, channels_last: bool | None = None) -> Tensor:
    """Draw a dense row-major or channels-last tensor."""
    if channels_last is None:
        channels_last = len(shape) == 4 and draw(st.booleans())
    made = filled(shape, dtype)
    return made.to(memory_format=torch.channels_last) if channels_last else made


def image(draw: Draw, shape: Sequence[int], dtype: torch.dtype = torch.float32) -> Tensor:
    """Draw what networks hold: row-major, channels-last, or a slice of the channels of either (a split)."""
    if draw(st.booleans()):
        return packed(draw, shape, dtype)
    wider = packed(draw, [shape[0], shape[1] + draw(st.integers(1, 3)), *shape[2:]], dtype)
    return wider[:, : shape[1]]


def filled(shape: Sequence[int], dtype: torch.dtype = torch.float32) -> Tensor:
    """Return a tensor of small positive numbers."""
    return torch.ones(tuple(shape), dtype=dtype)


def on_meta(value: Any) -> Any:
    """Return arguments with every tensor replaced by one on meta of the same shape, strides and dtype."""
    if isinstance(value, Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
    if isinstance(value, (list, tuple)):
        return type(value)(on_meta(item) for item in value)
    return {key: on_meta(item) for key, item in value.items()} if isinstance(value, dict) else value


def facts(value: Any, *, places_only: bool = False) -> Any:
    """Return shape, strides and dtype of every tensor in a result.

    Given `places_only`, a stride over a dimension of one element counts as 0: it tells nothing about where things lie.
    """
    if isinstance(value, Tensor):
        pairs = zip(value.shape, value.stride(), strict=True)
        strides = tuple(0 if places_only and size == 1 else stride for size, stride in pairs)
        return tuple(value.shape), strides, value.dtype
    if isinstance(value, (list, tuple)):
        return tuple(facts(item, places_only=places_only) for item in value)
    return value
