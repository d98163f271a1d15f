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


@rule(aten._grouped_mm.default)
def grouped_mm(
    left: Tensor,
    right: Tensor,
    offs: Tensor | None = None,
    bias: Tensor | None = None,
    out_dtype: torch.dtype | None = None,
) -> Tensor:
    """Rows (t, k) by (e, k, n) to (t, n); or (k, t) by (t, n), the depth shared out, to (e, k, n).

    PyTorch's own rule refuses float32, which its kernels take. Rows begin at multiples of 16 bytes
    (ATen/native/GroupedMMUtils.h, create_grouped_gemm_output_tensor).
    """
    if left.shape[-1] != right.shape[-2] or left.dtype != right.dtype:
        raise RuntimeError(f"{_words(left)} and {_words(right)} cannot be multiplied")
    groups = () if offs is None or left.dim() != right.dim() else offs.shape
    leading = left.shape[:-2] if left.dim() == right.dim() == 3 else groups
    shape = (*leading, left.shape[-2], right.shape[-1])
    dtype = out_dtype or left.dtype
    row = 16 // dtype.itemsize
    padded = (*shape[:-1], -(-shape[-1] // row) * row)
    return allocate(shape, layout.contiguous_strides(padded), dtype)


def _words(matrices: Tensor) -> str:
    return f"matrices of {tuple(matrices.shape)} of {matrices.dtype}"


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
