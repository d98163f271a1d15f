"""Operators whose result has as many elements as the data decide: the meta device answers with the most there can be.

Detectors keep the boxes that score well, mixtures of experts the tokens of each expert. Without data everything is
kept, so what follows is costed as at most; how often that was assumed is counted and reported. Which positions are kept
is known then: all of them, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from memprof.profiles.meta.known_values import MOST_ELEMENTS, KnownValues, beside
from memprof.profiles.meta.mode import allocate, upper_rule
from memprof.tensors import strides as layout
from memprof.tensors.shapes import broadcast_shapes

aten = torch.ops.aten
BOOLEANS = (torch.bool, torch.uint8)
Upper = tuple[Any, Any]
"""The largest result of an operator and its values, each None where there is none."""


def _dense(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    return allocate(shape, layout.contiguous_strides(shape), dtype)


@upper_rule(aten.nonzero.default)
def nonzero(known: KnownValues, input: Tensor) -> Upper:
    """The positions of all elements."""
    return _dense((input.numel(), input.dim()), torch.int64), _positions(input)


@upper_rule(aten.masked_select.default)
def masked_select(known: KnownValues, input: Tensor, mask: Tensor) -> Upper:
    """All elements, as one row."""
    return _dense((prod(broadcast_shapes(input.shape, mask.shape)),), input.dtype), None


@upper_rule(aten._unique2.default, aten.unique_consecutive.default)
def unique(
    known: KnownValues,
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    *options: object,
    **named: object,
) -> Upper:
    """As if all elements differed: the elements, where each went, and how many there are of each."""
    every = (input.numel(),)
    return (_dense(every, input.dtype), _dense(input.shape, torch.int64), _dense(every, torch.int64)), None


@upper_rule(aten.index.Tensor)
def index(known: KnownValues, input: Tensor, indices: Sequence[Tensor | None]) -> Upper:
    """As if a mask kept everything."""
    if not any(_is_mask(index) for index in indices):
        return None, None
    places: list[Tensor | None] = []
    values: list[Tensor | None] = []
    for index in indices:
        if index is not None and _is_mask(index):
            positions = _positions(index)
            places += [_dense((index.numel(),), torch.int64) for _ in range(index.dim())]
            values += [None] * index.dim() if positions is None else positions.unbind(1)
        else:
            places.append(index)
            values.append(None if index is None else known.get(index))
    source = known.get(input)
    missing = any(value is None and place is not None for value, place in zip(values, places, strict=True))
    real = None if source is None or missing else beside(lambda: aten.index.Tensor(source, values))
    return aten.index.Tensor(input, places), real


def _is_mask(index: object) -> bool:
    return isinstance(index, Tensor) and index.dtype in BOOLEANS


def _positions(input: Tensor) -> Tensor | None:
    if input.numel() * max(1, input.dim()) > MOST_ELEMENTS:
        return None
    positions: Tensor = beside(lambda: torch.ones(input.shape).nonzero())
    return positions


def suppress(known: KnownValues, boxes: Tensor, scores: Tensor, threshold: float) -> Upper:
    """All boxes, as where none overlaps another."""
    return _dense((boxes.shape[0],), torch.int64), beside(lambda: torch.arange(boxes.shape[0]))


def teach_torchvision() -> None:
    """Register the rule of torchvision's operators, which exist once somebody has imported it."""
    nms = getattr(torch.ops.torchvision, "nms", None)
    if nms is not None:
        upper_rule(nms.default)(suppress)
