"""Distances of all pairs of points, and the search for a number among sorted ones.

Source: ATen/native/cuda/DistanceKernel.cu (a block for each pair; the gradient is written for each pair and coordinate,
and then summed), ATen/native/cuda/Bucketization.cu (a binary search for each number).
"""

from __future__ import annotations

from memprof.calls import OperatorCall
from memprof.operators.registry import formula
from memprof.operators.traffic import make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import broadcast_shapes, dense, element_bytes, elements, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

_FLOPS = 3
"""Of a pair in each coordinate: a difference, its power, an addition; for a gradient two products after it."""


@formula("aten::_cdist_forward", kind=Kind.REDUCTION)
def cost_distances(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _cdist_forward(x, y, p, mode): both points are read for each pair, from L1 or L2."""
    ours, theirs = call.tensor(0), call.tensor(1)
    pairs = _pairs(ours, theirs)
    terms = elements(pairs) * ours.shape[-1]
    return (
        make_work(
            "distances",
            ours.dtype,
            dram=Traffic(stored_bytes(ours) + stored_bytes(theirs), stored_bytes(pairs)),
            l1=Traffic(2 * terms * element_bytes(ours.dtype), stored_bytes(pairs)),
            vector_flops=_FLOPS * terms + elements(pairs),  # and a root
            blocks=elements(pairs),
        ),
    )


@formula("aten::_cdist_backward", kind=Kind.REDUCTION)
def cost_distances_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _cdist_backward(dd, x, y, p, d): x's gradient by each pair, then their sum over y."""
    grad, ours, theirs, distances = call.tensor(0), call.tensor(1), call.tensor(2), call.tensor(4)
    pairs = _pairs(ours, theirs)
    each = dense((*pairs.shape[:-2], theirs.shape[-2], *ours.shape[-2:]), ours.dtype)
    summed = dense((*pairs.shape[:-2], *ours.shape[-2:]), ours.dtype)
    return (
        stream("pairs", (grad, distances, ours, theirs), (each,), flops=_FLOPS * elements(each)),
        stream("sum", (each,), (summed,), flops=elements(each)),
    )


@formula("aten::bucketize", "aten::searchsorted", kind=Kind.LAYOUT)
def cost_search(call: OperatorCall) -> tuple[Work, ...]:
    """Cost bucketize(x, boundaries) and searchsorted(boundaries, x): halvings of the boundaries for each number."""
    first, second = call.tensor(0), call.tensor(1)
    numbers, boundaries = (first, second) if call.name == "aten::bucketize" else (second, first)
    output = dense(numbers.shape, "int64")
    looked_at = boundaries.shape[-1].bit_length() * elements(numbers) * element_bytes(boundaries.dtype)
    return (
        make_work(
            "search",
            numbers.dtype,
            dram=Traffic(stored_bytes(numbers) + stored_bytes(boundaries), stored_bytes(output)),
            l1=Traffic(stored_bytes(numbers) + max(stored_bytes(boundaries), looked_at), stored_bytes(output)),
        ),
    )


def _pairs(ours: TensorSpec, theirs: TensorSpec) -> TensorSpec:
    batch = broadcast_shapes(ours.shape[:-2], theirs.shape[:-2])
    return dense((*batch, ours.shape[-2], theirs.shape[-2]), ours.dtype)
