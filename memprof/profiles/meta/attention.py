"""Shape rules of fused attention, forward and backward, as CUDA's flash and memory-efficient kernels allocate.

Flash attention's results are laid out like what they belong to (`empty_like`); memory-efficient attention stores
(batch, heads, tokens, features) as (batch, tokens, heads, features). Source: ATen's attention.cu and
flash_api.cpp, and torch's own meta kernels in torch/_meta_registrations.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.backends import cuda

from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten

_LOGSUMEXP_ALIGNMENT = 32
"""Queries to which the memory-efficient kernel pads its log-sum-exp (kAlignLSE in kernel_forward.h)."""

_BIAS_ALIGNMENT = 16
"""Keys to which it pads the rows of the bias's gradient (attention_backward.cu)."""

_FUSED_DIMENSIONS = 4
"""Of (batch, heads, tokens, features): the fused kernels refuse anything else, and PyTorch computes it in steps
(check_tensor_shapes in ATen/native/transformers/sdp_utils_cpp.h)."""


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Attention as CUDA dispatches it: flash in half precision without a mask, else memory-efficient, or in steps.

    It is in steps where PyTorch's switches forbid the kernel (torch.backends.cuda.enable_flash_sdp and its like). On
    meta, `scaled_dot_product_attention` would decompose into matrix products that no GPU runs.
    """
    flashes = attn_mask is None and query.dtype in (torch.float16, torch.bfloat16) and cuda.flash_sdp_enabled()  # type: ignore[no-untyped-call]
    if query.dim() != _FUSED_DIMENSIONS or not (flashes or cuda.mem_efficient_sdp_enabled()):  # type: ignore[no-untyped-call]
        answer = aten._scaled_dot_product_attention_math(
            query, key, value, attn_mask, dropout_p, is_causal, None, scale=scale, enable_gqa=enable_gqa
        )
        return answer[0]  # type: ignore[no-any-return]
    if flashes:
        answer = aten._scaled_dot_product_flash_attention(query, key, value, dropout_p, is_causal, False, scale=scale)
        return answer[0]  # type: ignore[no-any-return]
    bias = None
    if attn_mask is not None:
        bias = attn_mask if attn_mask.dtype == query.dtype else attn_mask.to(query.dtype)
        bias = bias.expand(*query.shape[:-1], key.shape[-2])
    keep_logsumexp = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (query, key, value))
    answer = aten._scaled_dot_product_efficient_attention(
        query, key, value, bias, keep_logsumexp, dropout_p, is_causal, scale=scale
    )
    return answer[0]  # type: ignore[no-any-return]


def _heads(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    _, heads, tokens, features = shape
    return allocate(shape, (heads * tokens * features, features, heads * features, 1), dtype)


def _like(tensor: Tensor) -> Tensor:
    return allocate(tensor.shape, layout.preserved_strides(tensor.shape, tensor.stride()), tensor.dtype)


def _row_major(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    return allocate(shape, layout.contiguous_strides(shape), dtype)


@rule(aten._scaled_dot_product_flash_attention.default)
def flash(query: Tensor, key: Tensor, value: Tensor, *options: Any, **named: Any) -> tuple[Any, ...]:
    """Output, log-sum-exp (batch, heads, tokens), and what only the backward kernel reads."""
    logsumexp = _row_major(query.shape[:3], torch.float32)
    seed = _row_major((2,), torch.uint64)
    return _like(query), logsumexp, None, None, query.shape[2], key.shape[2], seed, _row_major((), torch.uint64), None


@rule(aten._scaled_dot_product_efficient_attention.default)
def efficient(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, keep_logsumexp: bool, *options: Any, **named: Any
) -> tuple[Tensor, ...]:
    """Output, log-sum-exp (empty in inference) and the random state."""
    output = _heads((*query.shape[:3], value.shape[3]), query.dtype)
    tokens = -(-query.shape[2] // _LOGSUMEXP_ALIGNMENT) * _LOGSUMEXP_ALIGNMENT if keep_logsumexp else 0
    logsumexp = _row_major((*query.shape[:2], tokens), torch.float32)
    return output, logsumexp, _row_major((), torch.int64), _row_major((), torch.int64)


@rule(aten._scaled_dot_product_flash_attention_backward.default)
def flash_backward(
    grad_output: Tensor, query: Tensor, key: Tensor, value: Tensor, *saved: Any, **named: Any
) -> tuple[Tensor, ...]:
    """Gradients of query, key and value."""
    return _like(query), _like(key), _like(value)


@rule(aten._scaled_dot_product_efficient_attention_backward.default)
def efficient_backward(
    grad_output: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    out: Tensor,
    logsumexp: Tensor,
    seed: Tensor,
    offset: Tensor,
    dropout_p: float,
    wanted: Sequence[bool],
    *options: Any,
    **named: Any,
) -> tuple[Tensor | None, ...]:
    """Gradients of query, key, value and, where wanted, of the bias."""
    gradients = tuple(_heads(tensor.shape, tensor.dtype) for tensor in (query, key, value))
    return *gradients, _bias_gradient(bias) if bias is not None and wanted[3] else None


def _bias_gradient(bias: Tensor) -> Tensor:
    """Rows are padded for aligned stores, and the padding is cut off by a view."""
    *rows, keys = bias.shape
    padded = -(-keys // _BIAS_ALIGNMENT) * _BIAS_ALIGNMENT
    return allocate(bias.shape, layout.contiguous_strides((*rows, padded)), bias.dtype)
