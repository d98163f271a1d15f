"""Recurrent layers as CUDA runs them: cuDNN's one call for all layers, directions and time steps, forward and backward.

On meta, `lstm` would decompose into the products and element-wise kernels of every time step, which no GPU runs.
Source: ATen/native/cudnn/RNN.cpp, and for autocast ATen/cudnn/AutocastRNN.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten

MODES = {"rnn_relu": 0, "rnn_tanh": 1, "lstm": 2, "gru": 3}
"""cudnnRNNMode_t, by the name of PyTorch's function."""

_KEPT_STATES = {0: 0, 1: 0, 2: 5, 3: 4}
"""By mode, what backward reads per element of the hidden state and step beside the output: the gates, and the cell
state or the recurrent part of GRU's candidate. cuDNN does not say what its reserve space holds; this is the least."""


def is_fused(name: str, arguments: Sequence[Any]) -> bool:
    """Return whether cuDNN takes a call of `name` in one: not packed sequences of many lengths, no projections."""
    if name not in MODES or len(arguments) < 9 or not isinstance(arguments[3], bool):
        return False
    _, hidden, weights, _, layers, _, _, bidirectional, _ = arguments
    states = tuple(hidden) if name == "lstm" else (hidden,)
    each = len(weights) / (layers * (2 if bidirectional else 1))
    return each in (2, 4) and all(state.shape == states[0].shape for state in states)


def recurrent(
    name: str,
    autocast: torch.dtype | None,
    input: Tensor,
    hidden: Any,
    weights: Sequence[Tensor],
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    """Run a recurrent function as CUDA dispatches it; results are the function's own.

    Autocast copies float32 weights into a new buffer in each call, past its cache. On CUDA it makes recurrent layers
    float16 also where all else is bfloat16; here they are `autocast`, which moves as many bytes at the same peak.
    """
    hx, cx = hidden if name == "lstm" else (hidden, None)
    buffer: Tensor | None = None
    if autocast is not None and input.dtype != torch.float64:
        if weights[0].dtype == torch.float32:
            buffer = torch.zeros(sum(weight.numel() for weight in weights), dtype=autocast, device=input.device)
            weights = [weight.to(autocast) for weight in weights]
        input, hx, cx = input.to(autocast), hx.to(autocast), None if cx is None else cx.to(autocast)
    stride = 4 if has_biases else 2
    output, hy, cy, _, _ = aten._cudnn_rnn(
        input,
        weights,
        stride,
        buffer,
        hx,
        cx,
        MODES[name],
        hx.shape[2],
        0,
        layers,
        batch_first,
        dropout,
        train,
        bidirectional,
        [],
        None,
    )
    return (output, hy, cy) if name == "lstm" else (output, hy)


def _timed(shape: Sequence[int], features: int, dtype: torch.dtype, batch_first: bool) -> Tensor:
    """Allocate with time outermost; the result has the caller's order of dimensions, as a view."""
    first, second = shape[:2]
    steps, batch = (second, first) if batch_first else (first, second)
    strides = layout.contiguous_strides((steps, batch, features))
    if batch_first:
        return allocate((batch, steps, features), (strides[1], strides[0], 1), dtype)
    return allocate((steps, batch, features), strides, dtype)


def _row_major(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    return allocate(shape, layout.contiguous_strides(shape), dtype)


@rule(aten._cudnn_rnn.default)
def cudnn_rnn(
    input: Tensor,
    weight: Sequence[Tensor],
    weight_stride0: int,
    weight_buf: Tensor | None,
    hx: Tensor,
    cx: Tensor | None,
    mode: int,
    hidden_size: int,
    proj_size: int,
    num_layers: int,
    batch_first: bool,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_sizes: Sequence[int],
    dropout_state: Tensor | None,
) -> tuple[Tensor, ...]:
    """Output, last hidden and cell state, what backward reads (bytes), and the buffer of weights, of which no part."""
    directions = 2 if bidirectional else 1
    if input.shape[-1] != weight[0].shape[1]:
        raise RuntimeError(f"a layer for {weight[0].shape[1]} features was given an input of {input.shape[-1]}")
    if input.dtype != weight[0].dtype:
        raise RuntimeError(f"an input of {input.dtype} meets weights of {weight[0].dtype}")
    output = _timed(input.shape, directions * hidden_size, input.dtype, batch_first)
    cy = _row_major((0,) if cx is None else cx.shape, hx.dtype)
    steps = input.shape[0] * input.shape[1]
    kept = steps * num_layers * directions * hidden_size * _KEPT_STATES[mode] * input.element_size() if train else 0
    reserve = _row_major((kept,), torch.uint8)
    return output, _row_major(hx.shape, hx.dtype), cy, reserve, _row_major((0,), input.dtype)


@rule(aten._cudnn_rnn_backward.default)
def cudnn_rnn_backward(
    input: Tensor,
    weight: Sequence[Tensor],
    weight_stride0: int,
    weight_buf: Tensor,
    hx: Tensor,
    cx: Tensor | None,
    output: Tensor,
    grad_output: Tensor | None,
    grad_hy: Tensor | None,
    grad_cy: Tensor | None,
    mode: int,
    hidden_size: int,
    proj_size: int,
    num_layers: int,
    batch_first: bool,
    *settings: Any,
) -> tuple[Any, ...]:
    """Gradients of input, states and weights; the weights' are parts of one buffer."""
    mask = settings[-1]
    grad_input = _timed(input.shape, input.shape[-1], input.dtype, batch_first)
    grad_cx = None if cx is None else _row_major(cx.shape, cx.dtype)
    grads = []
    if mask[3]:
        buffer = _row_major((sum(tensor.numel() for tensor in weight),), weight[0].dtype)
        offset = 0
        for tensor in weight:
            grads.append(buffer.as_strided(tensor.shape, layout.contiguous_strides(tensor.shape), offset))
            offset += tensor.numel()
    return grad_input, _row_major(hx.shape, hx.dtype), grad_cx, grads
