"""Shape rules of matrix products and of sums over dimensions: their results are row-major."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten


@rule(aten.mm.default)
def mm(left: Tensor, right: Tensor) -> Tensor:
    """(m, k) by (k, n) to row-major (m, n)."""
    return _row_major_product(left, right)


@rule(aten.addmm.default)
def addmm(bias: Tensor, left: Tensor, right: Tensor, *, beta: complex = 1, alpha: complex = 1) -> Tensor:
    """A bias added to (m, k) by (k, n)."""
    return _row_major_product(left, right)


@rule(aten.bmm.default)
def bmm(left: Tensor, right: Tensor) -> Tensor:
    """(b, m, k) by (b, k, n) to row-major (b, m, n)."""
    return _row_major_product(left, right)


@rule(aten.baddbmm.default)
def baddbmm(bias: Tensor, left: Tensor, right: Tensor, *, beta: complex = 1, alpha: complex = 1) -> Tensor:
    """A bias added to (b, m, k) by (b, k, n)."""
    return _row_major_product(left, right)


def _row_major_product(left: Tensor, right: Tensor) -> Tensor:
    if left.shape[-1] != right.shape[-2] or left.shape[:-2] != right.shape[:-2]:
        raise RuntimeError(f"matrices of {tuple(left.shape)} and {tuple(right.shape)} cannot be multiplied")
    if left.dtype != right.dtype:
        raise RuntimeError(f"matrices of {left.dtype} and {right.dtype} cannot be multiplied")
    shape = (*left.shape[:-1], right.shape[-1])
    return allocate(shape, layout.contiguous_strides(shape), left.dtype)


@rule(aten.mean.dim, aten.sum.dim_IntList)
def reduce_dims(
    input: Tensor, dim: Sequence[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Tensor:
    """Reduce over `dim` (all where empty); the result is row-major."""
    rank = input.dim()
    reduced = {d % rank for d in dim} if dim and rank else set(range(rank))
    shape = [1 if d in reduced else n for d, n in enumerate(input.shape) if keepdim or d not in reduced]
    integral = not (input.is_floating_point() or input.is_complex())
    return allocate(shape, layout.contiguous_strides(shape), dtype or (torch.int64 if integral else input.dtype))


@rule(aten.sum.default)
def sum_all(input: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
    """Sum over everything."""
    total: Tensor = reduce_dims(input, None, dtype=dtype)
    return total
