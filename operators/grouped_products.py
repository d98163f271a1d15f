"""Products of the rows that a mixture of experts sends to each of them. Source: ATen/native/cuda/GroupedBlas.cpp."""

from __future__ import annotations

from math import ceil

from memprof.calls import OperatorCall
from memprof.operators.matmul import multiply
from memprof.operators.registry import formula
from memprof.operators.work import Work
from memprof.tensors.shapes import dense
from memprof.vocabulary import Kind


@formula("aten::_grouped_mm", kind=Kind.MATMUL)
def cost_grouped_mm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _grouped_mm(x, weights, offsets): as one product where each row meets its expert's weights, of equal shares.

    Rows (t, k) times (e, k, n), or, for the weights' gradient, (k, t) times (t, n) with the depth t shared out.
    """
    first, second = call.tensor(0), call.tensor(1)
    groups = second.shape[0] if len(second.shape) == 3 else call.tensor(2).shape[0]
    if len(first.shape) == 3:
        return (multiply(first, second),)
    if len(second.shape) == 3:
        rows = dense((groups, ceil(first.shape[0] / groups), first.shape[1]), first.dtype)
        return (multiply(rows, second),)
    depth = ceil(first.shape[1] / groups)
    left, right = (groups, first.shape[0], depth), (groups, depth, second.shape[1])
    return (multiply(dense(left, first.dtype), dense(right, second.dtype)),)
