"""Operators that read or write elements at recorded positions: gather, scatter, embedding, advanced indexing.

The positions are data and unknown, so an element is taken to be fetched once per position, and from DRAM no more than
the whole table once. Source: ATen/native/cuda/IndexKernel.cu, Indexing.cu, ScatterGatherKernel.cu, Embedding.cu.
"""

from __future__ import annotations

from math import prod

from memprof.calls import OperatorCall
from memprof.operators.registry import formula
from memprof.operators.traffic import fill, make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import (
    Shape,
    broadcast_shapes,
    dense,
    element_bytes,
    elements,
    integers,
    is_floating,
    logical_bytes,
    stored_bytes,
)
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind


def _gather(table: TensorSpec, output: Shape, positions: tuple[TensorSpec, ...], assumed: str = "") -> Work:
    """Build the Work of fetching `output` elements of `table`: each once, and the positions."""
    result = dense(output, table.dtype)
    index_bytes = sum(stored_bytes(tensor) for tensor in positions)
    fetched = logical_bytes(result)
    index_loads = prod(output) * sum(element_bytes(tensor.dtype) for tensor in positions)
    return make_work(
        "gather",
        table.dtype,
        dram=Traffic(min(fetched, stored_bytes(table)) + index_bytes, fetched),
        l2=Traffic(fetched + index_bytes, fetched),
        l1=Traffic(fetched + index_loads, fetched),
        assumed=assumed,
    )


def _scatter(target: TensorSpec, source: TensorSpec, positions: tuple[TensorSpec, ...], *, adds: bool) -> Work:
    """Build the Work of writing `source` into `target`; an addition reads what it adds to."""
    size = element_bytes(target.dtype)
    count = elements(source)
    changed = min(count, elements(target)) * size
    index_bytes = sum(stored_bytes(tensor) for tensor in positions)
    read = stored_bytes(source) + index_bytes + (changed if adds else 0)
    index_loads = count * sum(element_bytes(tensor.dtype) for tensor in positions)
    again = count * size if adds else 0
    return make_work(
        "scatter",
        target.dtype,
        dram=Traffic(read, changed),
        l2=Traffic(read, count * size),
        l1=Traffic(logical_bytes(source) + index_loads + again, count * size),
        vector_flops=count if adds and is_floating(target.dtype) else 0,
    )


@formula("aten::embedding", kind=Kind.LAYOUT)
def cost_embedding(call: OperatorCall) -> tuple[Work, ...]:
    """Cost embedding(table, indices): a row of the table per index."""
    table, indices = call.tensor(0), call.tensor(1)
    return (_gather(table, (*indices.shape, *table.shape[1:]), (indices,)),)


@formula("aten::embedding_dense_backward", kind=Kind.LAYOUT)
def cost_embedding_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost embedding_dense_backward(dy, indices, rows, ...): the table's gradient is zeroed, rows added into it."""
    grad, indices = call.tensor(0), call.tensor(1)
    rows = integers(call.argument(2))
    if rows is None:
        raise LookupError(f"{call.name}: the number of rows was not recorded")
    table = dense((rows[0], grad.shape[-1]), grad.dtype)
    return (fill("fill", table), _scatter(table, grad, (indices,), adds=True))


@formula("aten::_embedding_bag", "aten::_embedding_bag_forward_only", kind=Kind.LAYOUT)
def cost_embedding_bag(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _embedding_bag(table, indices, offsets, ...): the rows of a bag are added up (EmbeddingBag.cu)."""
    table, indices, offsets = call.tensor(0), call.tensor(1), call.tensor(2)
    output = dense((offsets.shape[0], *table.shape[1:]), table.dtype)
    rows = _gather(table, (*indices.shape, *table.shape[1:]), (indices, offsets))
    summed = Traffic(rows.dram.read_bytes, stored_bytes(output))
    flops = elements(indices) * table.shape[1]
    return (make_work("gather", table.dtype, dram=summed, l2=rows.l2, l1=rows.l1, vector_flops=flops),)


@formula("aten::_embedding_bag_backward", "aten::_embedding_bag_dense_backward", kind=Kind.LAYOUT)
def cost_embedding_bag_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost its dense gradient: the table's is zeroed, and the gradient of a bag added to each of its rows."""
    grad, indices = call.tensor(0), call.tensor(1)
    place = 6 if call.name == "aten::_embedding_bag_backward" else 5
    rows = integers(call.argument(place))
    if rows is None:
        raise LookupError(f"{call.name}: the number of rows was not recorded")
    spread = TensorSpec((elements(indices), grad.shape[1]), (0, 1), grad.dtype)
    table = dense((rows[0], grad.shape[1]), grad.dtype)
    return (fill("fill", table), _scatter(table, spread, (indices,), adds=True))


@formula("aten::index_select", kind=Kind.LAYOUT)
def cost_index_select(call: OperatorCall) -> tuple[Work, ...]:
    """Cost index_select(x, dim, indices): a slice of x per index."""
    source, indices = call.tensor(0), call.tensor(2)
    dim = (integers(call.argument(1)) or (0,))[0]
    shape = list(source.shape) or [1]
    shape[dim] = elements(indices)
    return (_gather(source, tuple(shape), (indices,)),)


@formula("aten::gather", "aten::take_along_dim", kind=Kind.LAYOUT)
def cost_gather(call: OperatorCall) -> tuple[Work, ...]:
    """Cost gather(x, dim, indices) and take_along_dim(x, indices, dim): an element of x per index."""
    indices = call.tensor(1 if call.name == "aten::take_along_dim" else 2)
    return (_gather(call.tensor(0), indices.shape, (indices,)),)


@formula("aten::take", kind=Kind.LAYOUT)
def cost_take(call: OperatorCall) -> tuple[Work, ...]:
    """Cost take(x, indices): an element of x per index."""
    return (_gather(call.tensor(0), call.tensor(1).shape, (call.tensor(1),)),)


@formula("aten::index", kind=Kind.LAYOUT)
def cost_index(call: OperatorCall) -> tuple[Work, ...]:
    """Cost x[indices]; where the profiler left the indices out, as many elements as x has are assumed."""
    source = call.tensor(0)
    given = call.argument(1)
    positions = call.tensors()[1:]
    if not isinstance(given, tuple) or not positions:
        return (_gather(source, source.shape, (), "as many elements as the input has are assumed to be taken"),)
    if positions[0].dtype in ("bool", "uint8"):
        return (_gather(source, source.shape, positions, "a mask is assumed to keep everything"),)
    kept = [
        size for axis, size in enumerate(source.shape) if axis >= len(given) or not isinstance(given[axis], TensorSpec)
    ]
    shape = (*broadcast_shapes(*(tensor.shape for tensor in positions)), *kept)
    return (_gather(source, shape, positions),)


@formula("aten::index_put_", "aten::_index_put_impl_", "aten::index_put", kind=Kind.LAYOUT)
def cost_index_put(call: OperatorCall) -> tuple[Work, ...]:
    """Cost x[indices] = values; out of place x is cloned first. A single value is assumed to fill all of x."""
    target, values = call.tensor(0), call.tensor(2)
    given = call.argument(1)
    positions = tuple(item for item in given if isinstance(item, TensorSpec)) if isinstance(given, tuple) else ()
    source = values if values.shape else TensorSpec(target.shape, (0,) * len(target.shape), values.dtype)
    scatter = _scatter(target, source, positions, adds=bool(call.argument(3, False)))
    return (scatter,) if call.name.endswith("_") else (_clone(target), scatter)


@formula(
    "aten::scatter",
    "aten::scatter_",
    "aten::scatter_add",
    "aten::scatter_add_",
    "aten::scatter_reduce",
    "aten::scatter_reduce_",
    "aten::index_add",
    "aten::index_add_",
    "aten::index_copy",
    "aten::index_copy_",
    "aten::index_fill",
    "aten::index_fill_",
    kind=Kind.LAYOUT,
)
def cost_scatter(call: OperatorCall) -> tuple[Work, ...]:
    """Cost scatter(x, dim, indices, values or one value) and its like; out of place x is cloned first."""
    target, indices = call.tensor(0), call.tensor(2)
    values = call.optional_tensor(3)
    if values is None or not values.shape:
        slices = indices.shape
        if "index_fill" in call.name:
            slices = (elements(indices), *target.shape[1:])
        values = TensorSpec(slices, (0,) * len(slices), target.dtype)
    adds = "add" in call.name or "reduce" in call.name
    work = _scatter(target, values, (indices,), adds=adds)
    return (work,) if call.name.endswith("_") else (_clone(target), work)


def _clone(source: TensorSpec) -> Work:
    return stream("copy", (source,), (dense(source.shape, source.dtype),), dtype=source.dtype)


@formula("aten::masked_select", "aten::nonzero", kind=Kind.LAYOUT)
def cost_masked_select(call: OperatorCall) -> tuple[Work, ...]:
    """Cost masked_select(x, mask) and nonzero(mask), whose output depends on the data: all of it is assumed to pass."""
    source, tensors = call.tensor(0), call.tensors()
    output = dense(source.shape, source.dtype)
    if call.name == "aten::nonzero":
        output = dense((elements(source), len(source.shape)), "int64")
    return (
        stream("gather", tensors[:2], (output,), dtype=source.dtype, assumed="a mask is assumed to keep everything"),
    )


@formula("aten::masked_scatter", "aten::masked_scatter_", kind=Kind.LAYOUT)
def cost_masked_scatter(call: OperatorCall) -> tuple[Work, ...]:
    """Cost masked_scatter(x, mask, source): the mask is counted through, then elements are taken in that order.

    The count of those before each element is a 64-bit number (ATen/native/cuda/IndexKernel.cu, masked_scatter_kernel).
    How many are taken the data decide: as many as the source has, and not more than x. In place x is not copied first.
    """
    target, mask, source = call.tensor(0), call.tensor(1), call.tensor(2)
    flags = dense(broadcast_shapes(mask.shape, target.shape), mask.dtype)
    before, result = dense(flags.shape, "int64"), dense(flags.shape, target.dtype)
    taken = dense((min(elements(source), elements(result)),), source.dtype)
    copy = () if call.name.endswith("_") else (stream("copy", (target,), (result,)),)
    scan = stream("scan", (flags,), (before,))
    return (*copy, scan, stream("scatter", (result, flags, before, taken), (result,), assumed=_ALL_TAKEN))


_ALL_TAKEN = "as many elements as the source has are assumed to be taken"
