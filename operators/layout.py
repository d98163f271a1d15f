"""Operators that move elements without computing: copies, casts, concatenation, padding, and the gradients of slices.

Both sides count: what is read by the bytes stored behind it and what is written by its own, each in its own dtype. A
copy that changes the layout moves the same bytes as one that does not.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import instructions
from memprof.operators.elementwise import kind_of as elementwise_kind
from memprof.operators.registry import formula
from memprof.operators.traffic import fill, pattern_of, stream
from memprof.operators.work import Pattern, Work
from memprof.tensors.shapes import Shape, dense, dtype_argument, elements, integers, memory_orders, packed_order
from memprof.tensors.spec import Argument, TensorSpec
from memprof.vocabulary import Kind

CONCATENATED_PER_LAUNCH = 128
"""Tensors that one launch of the concatenation kernel takes (CAT_ARRAY_BATCH_SIZE in ATen/native/cuda/Shape.cu)."""


def kind_of(call: OperatorCall) -> Kind:
    """Return the kind: a copy made by the optimizer belongs to the optimizer."""
    return Kind.OPTIMIZER if elementwise_kind(call) is Kind.OPTIMIZER else Kind.LAYOUT


_ROW_MAJOR, _CHANNELS_LAST = 0, (2, 3)
"""The memory format argument that asks for an order: row-major, channels last in 4 or 5 dimensions.

Source: c10/core/MemoryFormat.h; 1 keeps the order of the input."""


def _copy(source: TensorSpec, shape: Shape, dtype: str, step: str = "copy", pattern: Pattern | None = None) -> Work:
    output = dense(shape, dtype)
    threads = prod(shape)
    issued = instructions.elementwise((source, output), threads)
    if pattern not in (None, Pattern.STREAM):
        issued = max(issued, threads * instructions.STRIDED)
    return stream(step, (source,), (output,), dtype=source.dtype, threads=threads, pattern=pattern, instructions=issued)


def _format_pattern(source: TensorSpec, wanted: Argument) -> Pattern | None:
    """Return how a copy goes that asks for a memory format; None where it asks for none."""
    if isinstance(wanted, bool) or wanted not in (_ROW_MAJOR, *_CHANNELS_LAST):
        return None
    return pattern_of({*memory_orders((source,)), packed_order(source.shape, channels_last=wanted in _CHANNELS_LAST)})


@formula("aten::copy_", "aten::_copy_from", kind=kind_of)
def cost_copy(call: OperatorCall) -> tuple[Work, ...]:
    """Cost copy_(destination, source): the source is read in its dtype, the destination written in its own."""
    destination, source = call.tensor(0), call.tensor(1)
    if call.name == "aten::_copy_from":
        destination, source = source, destination
    threads = elements(destination)
    issued = instructions.elementwise((source, destination), threads)
    return (stream("copy", (source,), (destination,), dtype=source.dtype, threads=threads, instructions=issued),)


@formula(
    "aten::clone",
    "aten::roll",
    "aten::flip",
    "aten::channel_shuffle",
    "aten::pixel_shuffle",
    "aten::pixel_unshuffle",
    "aten::_conj_physical",
    "aten::rot90",
    "aten::tril",
    "aten::triu",
    kind=kind_of,
)
def cost_rearrange(call: OperatorCall) -> tuple[Work, ...]:
    """Cost an operator whose output has the input's elements, each once, in another place."""
    source = call.tensor(0)
    wanted = call.argument(1) if call.name == "aten::clone" else None
    return (_copy(source, source.shape, source.dtype, pattern=_format_pattern(source, wanted)),)


@formula("aten::_to_copy", kind=kind_of)
def cost_cast(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _to_copy(x, dtype, layout, device, pin_memory, non_blocking, memory_format)."""
    source = call.tensor(0)
    dtype = dtype_argument(call.argument(1), source.dtype)
    return (_copy(source, source.shape, dtype, "cast", _format_pattern(source, call.argument(6))),)


@formula("aten::cat", "aten::_cat", "aten::stack", "aten::concat", "aten::hstack", "aten::vstack", kind=kind_of)
def cost_concatenate(call: OperatorCall) -> tuple[Work, ...]:
    """Cost cat(tensors, dim): everything is read and written once; what is empty is skipped."""
    parts = tuple(part for part in call.tensor_list(0) if elements(part))
    if not parts:
        return ()
    whole = dense((sum(elements(part) for part in parts),), parts[0].dtype)
    return (stream("copy", parts, (whole,), launches=ceil(len(parts) / CONCATENATED_PER_LAUNCH)),)


@formula("aten::constant_pad_nd", kind=kind_of)
def cost_constant_pad(call: OperatorCall) -> tuple[Work, ...]:
    """Cost constant_pad_nd(x, pad, value): the output is filled, then the input copied inside.

    Source: constant_pad_nd in ATen/native/PadNd.cpp. A negative pad crops instead.
    """
    source = call.tensor(0)
    pads = integers(call.argument(1))
    if pads is None:
        raise LookupError(f"{call.name}: the padding was not recorded")
    output = _padded(source.shape, pads)
    inside = tuple(min(before, after) for before, after in zip(source.shape, output, strict=True))
    return (fill("fill", dense(output, source.dtype)), _copy(dense(inside, source.dtype), inside, source.dtype))


@formula(*(f"aten::{mode}_pad{rank}d" for mode in ("reflection", "replication") for rank in (1, 2, 3)), kind=kind_of)
def cost_mirror_pad(call: OperatorCall) -> tuple[Work, ...]:
    """Cost reflection or replication padding (x, pad): each output element is copied from one input element."""
    source = call.tensor(0)
    pads = integers(call.argument(1))
    if pads is None:
        raise LookupError(f"{call.name}: the padding was not recorded")
    return (_copy(source, _padded(source.shape, pads), source.dtype),)


@formula(
    *(f"aten::{mode}_pad{rank}d_backward" for mode in ("reflection", "replication") for rank in (1, 2, 3)),
    kind=kind_of,
)
def cost_mirror_pad_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradient of such padding (dy, x, pad): dx is zeroed, then dy added where it came from."""
    grad, source = call.tensor(0), call.tensor(1)
    result = dense(source.shape, source.dtype)
    return (fill("fill", result), stream("data gradient", (grad,), (result,), flops=elements(grad)))


def _padded(shape: Shape, pads: tuple[int, ...]) -> Shape:
    """Return `shape` grown by `pads`, which name the last dimension's two sides first."""
    output = list(shape)
    for place in range(len(pads) // 2):
        output[-1 - place] += pads[2 * place] + pads[2 * place + 1]
    return tuple(output)


@formula("aten::slice_backward", "aten::select_backward", "aten::diagonal_backward", kind=kind_of)
def cost_slice_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost slice_backward(dy, input sizes, ...): a tensor of the input's size is zeroed, then dy copied into it."""
    grad = call.tensor(0)
    sizes = integers(call.argument(1))
    if sizes is None:
        raise LookupError(f"{call.name}: the input size was not recorded")
    return (fill("fill", dense(sizes, grad.dtype)), _copy(grad, grad.shape, grad.dtype))


@formula("aten::unfold_backward", kind=kind_of)
def cost_unfold_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost unfold_backward(dy, input sizes, ...): each input element sums the windows that held it."""
    grad = call.tensor(0)
    sizes = integers(call.argument(1))
    if sizes is None:
        raise LookupError(f"{call.name}: the input size was not recorded")
    return (stream("data gradient", (grad,), (dense(sizes, grad.dtype),), flops=elements(grad)),)


@formula("aten::select_scatter", "aten::slice_scatter", kind=kind_of)
def cost_slice_scatter(call: OperatorCall) -> tuple[Work, ...]:
    """Cost slice_scatter(x, part, ...): x is cloned, then the part copied over it."""
    source, part = call.tensor(0), call.tensor(1)
    return (_copy(source, source.shape, source.dtype), _copy(part, part.shape, source.dtype))


@formula("aten::arange", kind=kind_of)
def cost_arange(call: OperatorCall) -> tuple[Work, ...]:
    """Cost arange(end, dtype...), arange(start, end, dtype...) and arange(start, end, step, dtype...): numbers written.

    The overloads differ in length: five arguments in all, six, or seven; with an output instead of a dtype, two or
    four.
    """
    bounds = {2: 1, 4: 3, 5: 1, 6: 2}.get(len(call.inputs), 3)
    numbers = [value for value in call.inputs[:bounds] if isinstance(value, (int, float))]
    if len(numbers) < bounds:
        raise LookupError(f"{call.name}: the bounds were not recorded")
    start, end, step = (0, numbers[0], 1) if bounds == 1 else (*numbers, 1)[:3]
    default = "int64" if all(isinstance(value, int) for value in numbers) else "float32"
    return (_numbers(ceil((end - start) / (step or 1)), dtype_argument(call.argument(bounds), default)),)


@formula("aten::linspace", kind=kind_of)
def cost_linspace(call: OperatorCall) -> tuple[Work, ...]:
    """Cost linspace(start, end, steps, dtype, ...): numbers written."""
    steps = integers(call.argument(2))
    if steps is None:
        raise LookupError(f"{call.name}: the number of steps was not recorded")
    return (_numbers(steps[0], dtype_argument(call.argument(3), "float32")),)


def _numbers(count: int, dtype: str) -> Work:
    return fill("fill", dense((max(0, count),), dtype))
