"""Softmax and log-softmax, forward and backward.

Source: ATen/native/cuda/SoftMax.cu and PersistentSoftmax.cuh. A row of up to 1024 elements (4096 bytes) stays in the
registers of a warp and is read once. A longer row belongs to a block, which caches it in shared memory while it looks
for the maximum. Where the softmax does not run over the last dimension, a thread goes through its column three times
(maximum, sum, output), two times backward, and relies on the caches; DRAM is read once all the same.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.registry import formula
from memprof.operators.traffic import layout_copy, make_work
from memprof.operators.work import Pattern, Traffic, Work
from memprof.tensors.shapes import (
    Shape,
    dense,
    dtype_argument,
    elements,
    integers,
    is_contiguous,
    is_flag,
    logical_bytes,
    stored_bytes,
)
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

SOFTMAX_FLOPS = 5
"""Per element: maximum, difference, exp, addition to the sum, division (for log-softmax, subtraction of its
logarithm)."""
SOFTMAX_BACKWARD_FLOPS = 4
"""Per element: dy * y, addition to the sum, dy - sum, times y (for log-softmax: sum of dy, exp(y), times sum,
difference)."""

PERSISTENT_ELEMENTS = 1024
"""Longest row that a warp keeps in registers (host_softmax in SoftMax.cu)."""
PERSISTENT_BYTES = 4096
"""Most bytes of such a row (the same line)."""
ROWS_PER_BLOCK = 8
"""Short rows per block: 128 threads are 4 warps with 2 rows each (PersistentSoftmax.cuh, dispatch_softmax_forward)."""


@formula("aten::_softmax", "aten::_log_softmax", "aten::_safe_softmax", kind=Kind.REDUCTION)
def cost_softmax(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _softmax(x, dim, half_to_float); for _safe_softmax the third argument is a dtype."""
    source = call.tensor(0)
    third = call.argument(2)
    if call.name == "aten::_safe_softmax":
        output = dense(source.shape, dtype_argument(third, source.dtype))
    else:
        output = dense(source.shape, "float32" if is_flag(third) else source.dtype)
    return _passes(call, (source,), output, SOFTMAX_FLOPS, column_passes=3, step="forward")


@formula("aten::_softmax_backward_data", "aten::_log_softmax_backward_data", kind=Kind.REDUCTION)
def cost_softmax_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _softmax_backward_data(dy, y, dim, input_dtype)."""
    grad, result = call.tensor(0), call.tensor(1)
    output = dense(grad.shape, dtype_argument(call.argument(3), grad.dtype))
    return _passes(call, (grad, result), output, SOFTMAX_BACKWARD_FLOPS, column_passes=2, step="backward")


def _passes(
    call: OperatorCall, reads: tuple[TensorSpec, ...], output: TensorSpec, flops: int, *, column_passes: int, step: str
) -> tuple[Work, ...]:
    """Return the softmax kernel, after the copies that make its operands contiguous."""
    copies = tuple(layout_copy(tensor) for tensor in reads if not is_contiguous(tensor))
    operands = tuple(dense(tensor.shape, tensor.dtype) for tensor in reads)
    position = len(reads)
    dim = (integers(call.argument(position)) or (-1,))[0]
    length, inner = _row(output.shape, dim)
    logical = sum(logical_bytes(tensor) for tensor in operands)
    written = stored_bytes(output)
    row_bytes = length * (logical_bytes(operands[0]) // max(1, elements(operands[0])))
    persistent = inner == 1 and length <= PERSISTENT_ELEMENTS and row_bytes <= PERSISTENT_BYTES
    loads = 1 if persistent else column_passes
    rows = elements(output) // max(1, length)
    kernel = make_work(
        step,
        operands[0].dtype,
        dram=Traffic(sum(stored_bytes(tensor) for tensor in operands), written),
        l2=Traffic(logical if inner == 1 else logical * column_passes, written),
        l1=Traffic(logical * loads, written),
        vector_flops=fvcore_counts.elementwise_flops(output.shape, output.shape, 0, flops),
        blocks=ceil(rows / ROWS_PER_BLOCK) if persistent else rows,
        pattern=Pattern.STREAM if persistent else Pattern.ROW,
        assumed="" if call.argument(position) is not None else "softmax over the last dimension assumed",
    )
    return (*copies, kernel)


def _row(shape: Shape, dim: int) -> tuple[int, int]:
    """Return the length of a row along `dim` and how many elements lie between two of its elements."""
    if not shape:
        return 1, 1
    dim %= len(shape)
    return shape[dim], prod(shape[dim + 1 :])
