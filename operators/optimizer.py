"""Optimizer updates over lists of tensors: PyTorch's foreach operators and its fused optimizers.

Source: ATen/native/cuda/MultiTensorApply.cuh. All tensors of a list are cut into chunks of 65536 elements, one per
block, and a launch takes as many tensors and chunks as fit into the kernel's arguments. Every list is read, and every
list that changes written, once. The limits below are those of 4 KiB of kernel arguments; builds for CUDA 13 pass 32 KiB
and launch fewer.

A stack whose optimizers take parameters one by one (memprof.tensors.stack) runs an element-wise kernel for each tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from math import ceil

from memprof.calls import OperatorCall
from memprof.operators.pointwise_flops import TABLE
from memprof.operators.registry import Formula, formula
from memprof.operators.traffic import make_work, total
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import dense, elements, is_floating
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

CHUNK_ELEMENTS = 65536
"""Elements per block (kChunkSize)."""
BLOCKS_PER_LAUNCH = 320
"""Chunks per launch (depth_to_max_blocks)."""
TENSORS_PER_LAUNCH = (110, 64, 48, 36, 30)
"""Tensors per launch, by the number of lists (depth_to_max_tensors)."""

_POINTWISE = (
    "add sub mul div addcmul addcdiv lerp sqrt rsqrt neg abs exp log log1p pow reciprocal maximum minimum"
    " clamp_min clamp_max sign erf sigmoid tanh round floor ceil trunc sin cos"
)
_SCALED = ("aten::_foreach_add", "aten::_foreach_sub")
"""Operators whose third argument, alpha, is a multiplication where it is not 1."""
_FUSED_FLOPS = {"sgd": 8, "adam": 17, "adamw": 17, "adagrad": 9}
"""FLOPs per element. SGD: weight decay 2, momentum 2 (m*buf + g), Nesterov 2, step 2. Adam: weight decay 2, first
moment 3 (lerp), second moment 4, root, bias correction, epsilon 3, quotient and step 3, step size 2. Adagrad: weight
decay 2, square and sum 2, root, epsilon, quotient and step 5. Source: ATen/native/cuda/FusedSgdKernel.cu,
fused_adam_utils.cuh."""
_FUSED_STATE = {"sgd": 1, "adam": 2, "adamw": 2, "adagrad": 1}
"""Lists of state that each optimizer keeps and rewrites beside the parameters."""


@lru_cache(4096)
def launches(sizes: tuple[int, ...], lists: int) -> int:
    """Return how many kernels multi_tensor_apply launches for tensors of these numbers of elements in `lists` lists."""
    most = TENSORS_PER_LAUNCH[min(lists, len(TENSORS_PER_LAUNCH)) - 1]
    count = tensors = blocks = 0
    for size in sizes:
        remaining = ceil(size / CHUNK_ELEMENTS)
        if not remaining:
            continue
        tensors += 1
        while blocks + remaining >= BLOCKS_PER_LAUNCH:
            remaining -= BLOCKS_PER_LAUNCH - blocks
            count, blocks, tensors = count + 1, 0, 1 if remaining else 0
        blocks += remaining
        if tensors == most:
            count, blocks, tensors = count + 1, 0, 0
    return count + (1 if blocks else 0)


def _update(
    step: str,
    lists: Sequence[Sequence[TensorSpec]],
    reads: Iterable[TensorSpec],
    writes: Iterable[TensorSpec],
    *,
    flops: int,
) -> Work:
    """Build the Work of one update over `lists` of tensors, of which the first sets the sizes; `flops` per element."""
    sizes = tuple(elements(tensor) for tensor in lists[0])
    dtype = lists[0][0].dtype
    return make_work(
        step,
        dtype,
        dram=Traffic(total(tuple(reads)), total(tuple(writes))),
        vector_flops=flops * sum(sizes) if is_floating(dtype) else 0,
        launches=launches(sizes, len(lists)) if len(sizes) > 1 else 1,
        blocks=sum(ceil(size / CHUNK_ELEMENTS) for size in sizes),
    )


def _updates(
    call: OperatorCall,
    step: str,
    lists: Sequence[Sequence[TensorSpec]],
    reads: Sequence[Sequence[TensorSpec]],
    *,
    flops: int,
) -> tuple[Work, ...]:
    """Build the Works of an update that writes the first of `lists`: one, or one for each tensor where stacks loop."""
    if not call.stack.loops_over_parameters or len({len(tensors) for tensors in (*lists, *reads)}) > 1:
        return (_update(step, lists, chain(*reads), lists[0], flops=flops),)
    return tuple(
        _update(
            step,
            [tensors[index : index + 1] for tensors in lists],
            [tensors[index] for tensors in reads],
            lists[0][index : index + 1],
            flops=flops,
        )
        for index in range(len(lists[0]))
        if elements(lists[0][index])
    )


def _lists(call: OperatorCall) -> list[tuple[TensorSpec, ...]]:
    """Return the lists of tensors among the inputs."""
    values = (value for value in call.inputs if isinstance(value, tuple))
    lists = [tuple(item for item in value if isinstance(item, TensorSpec)) for value in values]
    return [tensors for tensors in lists if tensors]


def _foreach_formula(flops: int) -> Formula:
    """Return the formula of an element-wise foreach operator: in place it writes its first list, else a new one."""

    def cost(call: OperatorCall) -> tuple[Work, ...]:
        lists = _lists(call)
        if not lists:
            raise LookupError(f"{call.name} has no list of tensors among its inputs")
        first = lists[0]
        in_place = call.name.endswith("_")
        scaled = call.name.rstrip("_") in _SCALED and call.argument(2, 1) not in (1, True)
        touched = lists if in_place else [*lists, first]
        return _updates(call, "update", touched, lists, flops=flops + scaled)

    return cost


def _register_pointwise() -> None:
    flops = {name: entry.flops for entry in TABLE for name in entry.names.split()}
    for name in _POINTWISE.split():
        formula(f"aten::_foreach_{name}", f"aten::_foreach_{name}_", kind=Kind.OPTIMIZER)(_foreach_formula(flops[name]))


_register_pointwise()


@formula("aten::_foreach_zero_", kind=Kind.OPTIMIZER)
def cost_foreach_zero(call: OperatorCall) -> tuple[Work, ...]:
    """Cost setting every tensor to zero."""
    first = call.tensor_list(0)
    return _updates(call, "fill", [first], [], flops=0)


@formula("aten::_foreach_copy_", kind=Kind.OPTIMIZER)
def cost_foreach_copy(call: OperatorCall) -> tuple[Work, ...]:
    """Cost copying each tensor of the second list over one of the first."""
    first, second = call.tensor_list(0), call.tensor_list(1)
    return (_update("copy", (first, second), second, first, flops=0),)


@formula("aten::_foreach_norm", "aten::_foreach_max", kind=Kind.OPTIMIZER)
def cost_foreach_norm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost a norm per tensor: a square and an addition per element (ATen/native/cuda/ForeachReduceOp.cu)."""
    first = call.tensor_list(0)
    results = [dense((), tensor.dtype) for tensor in first]
    return (_update("reduction", (first,), first, results, flops=2 if call.name.endswith("norm") else 1),)


@formula("aten::_amp_foreach_non_finite_check_and_unscale_", kind=Kind.OPTIMIZER)
def cost_unscale(call: OperatorCall) -> tuple[Work, ...]:
    """Cost dividing gradients by the loss scale and looking for what is not finite: a product and a comparison."""
    first = call.tensor_list(0)
    return (_update("update", (first,), first, first, flops=2),)


@formula("aten::_amp_update_scale_", kind=Kind.OPTIMIZER)
def cost_update_scale(call: OperatorCall) -> tuple[Work, ...]:
    """Cost updating the loss scale: a kernel of one thread on a few numbers."""
    scale, numbers = call.tensor(0), call.tensors()
    return (make_work("update", scale.dtype, dram=Traffic(total(numbers), total(numbers[:2])), blocks=1),)


@formula(*(f"aten::_fused_{name}{suffix}" for name in _FUSED_FLOPS for suffix in ("_", "")), kind=Kind.OPTIMIZER)
def cost_fused(call: OperatorCall) -> tuple[Work, ...]:
    """Cost a fused optimizer step (parameters, gradients, state...): all lists are read, all but gradients written.

    Lists of single numbers (step counts) are read too, and count as nothing beside the parameters.
    """
    name = call.name.removeprefix("aten::_fused_").rstrip("_")
    first = call.tensor_list(0)
    state = _lists(call)[2 : 2 + _FUSED_STATE[name]]
    if state and elements(state[0][0]) != elements(first[0]):
        state = []
    lists = [first, call.tensor_list(1), *state]
    return (_update("update", lists, chain(*lists), chain(first, *state), flops=_FUSED_FLOPS[name]),)
