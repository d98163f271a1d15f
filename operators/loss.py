"""Losses, forward and backward.

Source: ATen/native/cuda/NLLLoss.cu, NLLLoss2d.cu, Loss.cu. A loss with a reduction is an element-wise kernel and a sum.
"""

from __future__ import annotations

from math import prod

from memprof.calls import OperatorCall
from memprof.operators.registry import formula
from memprof.operators.traffic import fill, make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import broadcast_shapes, dense, element_bytes, elements, stored_bytes
from memprof.vocabulary import Kind

_POINTWISE = {
    "aten::mse_loss": 2,
    "aten::smooth_l1_loss": 5,
    "aten::huber_loss": 5,
    "aten::binary_cross_entropy": 7,
}
"""FLOPs per element: difference and square; difference, absolute value, comparison, two products; two logarithms,
1 - x, 1 - t, two products, a sum."""


@formula("aten::nll_loss_forward", "aten::nll_loss2d_forward", kind=Kind.REDUCTION)
def cost_nll_loss(call: OperatorCall) -> tuple[Work, ...]:
    """Cost nll_loss_forward(log-probabilities, target, ...): one element per target is gathered and summed."""
    scores, target = call.tensor(0), call.tensor(1)
    count = elements(target)
    read = stored_bytes(target) + count * element_bytes(scores.dtype)
    return (
        make_work(
            "forward", scores.dtype, dram=Traffic(read, 2 * element_bytes(scores.dtype)), vector_flops=count, blocks=1
        ),
    )


@formula("aten::nll_loss_backward", "aten::nll_loss2d_backward", kind=Kind.REDUCTION)
def cost_nll_loss_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost nll_loss_backward(dy, log-probabilities, target, ...): dx is zeroed, then one element per target set."""
    scores, target = call.tensor(1), call.tensor(2)
    count, size = elements(target), element_bytes(scores.dtype)
    scatter = make_work("data gradient", scores.dtype, dram=Traffic(stored_bytes(target), count * size), blocks=1)
    return (fill("fill", dense(scores.shape, scores.dtype)), scatter)


@formula(*_POINTWISE, kind=Kind.REDUCTION)
def cost_pointwise_loss(call: OperatorCall) -> tuple[Work, ...]:
    """Cost mse_loss(x, target, reduction) and its like; reduction 0 keeps the element-wise losses."""
    first, second = call.tensor(0), call.tensor(1)
    shape = broadcast_shapes(first.shape, second.shape)
    losses = dense(shape, first.dtype)
    count = prod(shape)
    each = stream("forward", (first, second), (losses,), flops=_POINTWISE[call.name] * count, threads=count)
    position = 3 if call.name == "aten::binary_cross_entropy" else 2
    if call.argument(position, 1) == 0:
        return (each,)
    return (each, stream("reduction", (losses,), (dense((), first.dtype),), flops=count))
