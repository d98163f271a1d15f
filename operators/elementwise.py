"""Element-wise operators: each output element from the elements at the same place, in one pass.

DRAM moves the stored bytes of every operand and of the output; a broadcast operand is loaded again for each output
element through L1 but comes from DRAM once. FLOPs are counted for floating-point dtypes only.
"""

from __future__ import annotations

from math import prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts, instructions
from memprof.operators.pointwise_flops import GELU_BACKWARD_FLOPS, GELU_FLOPS, TABLE, Pointwise, Result
from memprof.operators.registry import Formula, formula
from memprof.operators.traffic import stream
from memprof.operators.work import Work
from memprof.tensors.shapes import broadcast_shapes, dense, is_floating, promoted_dtype, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind, Phase


def kind_of(call: OperatorCall) -> Kind:
    """Return the kind: an element-wise call of the optimizer belongs to the optimizer."""
    return Kind.OPTIMIZER if call.phase is Phase.OPTIMIZER else Kind.ELEMENTWISE


def pointwise(
    call: OperatorCall, operands: int, flops: int, result: Result = Result.PROMOTED, step: str = "elementwise"
) -> Work:
    """Build the Work of one pass over the first `operands` tensors of the call; a further one is the output.

    `flops` is per output element.
    """
    tensors = call.tensors()
    if not tensors:
        raise LookupError(f"{call.name} has no tensor among its inputs")
    reads = tensors[:operands]
    in_place = call.name.endswith("_") and not call.name.endswith("__")
    if in_place:
        output = tensors[0]
    elif len(tensors) > operands:
        output = tensors[operands]
    else:
        output = _output(call, reads, result)
    arithmetic = promoted_dtype(reads, call.inputs)
    threads = prod(output.shape)
    count = 0
    if flops and is_floating(arithmetic):
        count = fvcore_counts.elementwise_flops(reads[0].shape, output.shape, 0, flops)
    return stream(
        step,
        reads,
        (output,),
        flops=count,
        dtype=arithmetic,
        threads=threads,
        instructions=instructions.elementwise((*reads, output), threads, flops),
        in_place_bytes=stored_bytes(output) if in_place else 0,
    )


def _output(call: OperatorCall, reads: tuple[TensorSpec, ...], result: Result) -> TensorSpec:
    shape = broadcast_shapes(*(tensor.shape for tensor in reads))
    if result is Result.FIRST:
        return dense(shape, reads[0].dtype)
    return dense(shape, "bool" if result is Result.BOOLEAN else promoted_dtype(reads, call.inputs))


def _table_formula(entry: Pointwise) -> Formula:
    def cost(call: OperatorCall) -> tuple[Work, ...]:
        return (pointwise(call, entry.operands, entry.flops, entry.result),)

    return cost


def _scaled_formula(entry: Pointwise) -> Formula:
    """Return the formula of add and sub: alpha, the third argument, is a multiplication where it is not 1."""

    def cost(call: OperatorCall) -> tuple[Work, ...]:
        scaled = call.argument(2, 1) not in (1, True) and not isinstance(call.argument(2), TensorSpec)
        return (pointwise(call, entry.operands, entry.flops + int(scaled), entry.result),)

    return cost


def _register_table() -> None:
    for entry in TABLE:
        make = _scaled_formula if entry.names.startswith(("add sub", "rsub")) else _table_formula
        names = [f"aten::{name}" for name in entry.names.split()]
        names += [f"{name}_" for name in names] if entry.in_place else []
        formula(*names, kind=kind_of)(make(entry))


_register_table()


def _approximation(call: OperatorCall, position: int) -> str:
    """Return GELU's `approximate`; the profiler records no text, so an unrecorded one is taken for the default."""
    return "tanh" if call.argument(position) == "tanh" else "none"


@formula("aten::gelu", "aten::gelu_", kind=kind_of)
def cost_gelu(call: OperatorCall) -> tuple[Work, ...]:
    """Cost gelu(x, approximate)."""
    return (pointwise(call, 1, GELU_FLOPS[_approximation(call, 1)]),)


@formula("aten::gelu_backward", kind=kind_of)
def cost_gelu_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost gelu_backward(dy, x, approximate)."""
    return (pointwise(call, 2, GELU_BACKWARD_FLOPS[_approximation(call, 2)]),)


@formula("aten::glu", kind=kind_of)
def cost_glu(call: OperatorCall) -> tuple[Work, ...]:
    """Cost glu(x, dim): one half times the sigmoid (4 FLOPs) of the other."""
    source = call.tensor(0)
    half = dense((prod(source.shape) // 2,), source.dtype)
    return (stream("elementwise", (source,), (half,), flops=5 * half.shape[0]),)


@formula("aten::glu_backward", kind=kind_of)
def cost_glu_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost glu_backward(dy, x, dim): per pair the sigmoid s (4), dy s for one half, dy x s (1 - s) for the other."""
    grad, source = call.tensor(0), call.tensor(1)
    return (stream("elementwise", (grad, source), (dense(source.shape, source.dtype),), flops=8 * prod(grad.shape)),)


@formula("aten::_prelu_kernel_backward", kind=kind_of)
def cost_prelu_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _prelu_kernel_backward(dy, x, weight).

    A comparison and a product for each of two gradients, both of x's shape.
    """
    reads = (call.tensor(0), call.tensor(1), call.tensor(2))
    count = prod(reads[1].shape)
    gradient = dense(reads[1].shape, reads[1].dtype)
    return (stream("elementwise", reads, (gradient, gradient), flops=4 * count, threads=count),)


@formula("aten::native_dropout", "aten::_fused_dropout", kind=kind_of)
def cost_dropout(call: OperatorCall) -> tuple[Work, ...]:
    """Cost dropout in training: x is compared with a random number and scaled; the output and a mask are written."""
    source = call.tensor(0)
    count = prod(source.shape)
    outputs = (dense(source.shape, source.dtype), dense(source.shape, "bool"))
    return (stream("elementwise", (source,), outputs, flops=2 * count, dtype=source.dtype, threads=count),)


@formula(
    "aten::bernoulli_",
    "aten::uniform_",
    "aten::normal_",
    "aten::exponential_",
    "aten::random_",
    "aten::log_normal_",
    "aten::geometric_",
    "aten::cauchy_",
    kind=kind_of,
)
def cost_random_fill(call: OperatorCall) -> tuple[Work, ...]:
    """Cost filling a tensor with random numbers: it is written; counter-based generators work on integers."""
    return (stream("fill", (), (call.tensor(0),), dtype=call.tensor(0).dtype),)


@formula("aten::bernoulli", kind=kind_of)
def cost_bernoulli(call: OperatorCall) -> tuple[Work, ...]:
    """Cost bernoulli(p): each probability is read and compared with a random number."""
    return (pointwise(call, 1, 1),)


@formula("aten::_transform_bias_rescale_qkv", kind=kind_of)
def cost_transform_bias_rescale_qkv(call: OperatorCall) -> tuple[Work, ...]:
    """Cost adding the bias to a packed query-key-value, scaling the queries and laying the heads out anew."""
    packed, bias = call.tensor(0), call.tensor(1)
    count = prod(packed.shape)
    output = dense(packed.shape, packed.dtype)
    return (stream("elementwise", (packed, bias), (output,), flops=count + count // 3, threads=count),)


@formula("aten::fill_", "aten::zero_", kind=kind_of)
def cost_fill(call: OperatorCall) -> tuple[Work, ...]:
    """Cost setting a tensor to one value: it is written and not read."""
    return (stream("fill", (), (call.tensor(0),), dtype=call.tensor(0).dtype),)
