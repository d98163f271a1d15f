"""Layer, RMS and group normalisation, forward and backward.

Layer and RMS norm (ATen/native/cuda/layer_norm_kernel.cu): a block per row computes the statistics and then normalises
the row, which is still in L1, so DRAM and L2 deliver it once and L1 twice. The kernel wants contiguous rows: a permuted
input (channels-first tensors in ConvNeXt) is copied first, forward, and both operands backward. Backward has one kernel
for dx, like forward, and another for the gradients of scale and shift, which reads x and dy again.

Group norm (ATen/native/cuda/group_norm_kernel.cu): a kernel for the statistics of each group, one that computes a * x +
b with an a and b per image and channel; the feature map comes from DRAM in both. Its input is made contiguous first
(`at::group_norm` in ATen/native/group_norm.cpp, but on CPUs), so channels-last tensors are copied.

FLOPs forward are fvcore's (5 per element, 4 without scale). It has no backward and no RMS norm; those are counted here.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.registry import formula
from memprof.operators.traffic import layout_copy, make_work, stream, total
from memprof.operators.work import Pattern, Traffic, Work
from memprof.tensors.shapes import (
    accumulation_dtype,
    dense,
    elements,
    integers,
    is_contiguous,
    is_flag,
    logical_bytes,
    stored_bytes,
)
from memprof.tensors.spec import Argument, TensorSpec
from memprof.vocabulary import Kind

RMS_FLOPS = 3
"""Per element of RMS norm: square, addition, times the reciprocal root; times the scale is one more."""
ROW_BACKWARD_FLOPS = 14
"""Per element of the dx kernel: sums of dy*gamma and of dy*gamma*(x - mean)*rstd (1+1, 3+1), then
(N*dy*gamma - sum1 - (x - mean)*rstd*sum2) * factor (2+1+3+1+1); layer_norm_kernel.cu, compute_gI."""
PARAMETER_FLOPS = 5
"""Per element of the gradients of scale and shift: (x - mean) * rstd * dy and two additions."""
GROUP_REDUCE_FLOPS = 3
"""Per element of group norm's backward reduction: dy * x and two additions (ComputeInternalGradientsCUDAKernel)."""
GROUP_BACKWARD_FLOPS = 4
"""Per element of its dx: a*dy + b*x + c."""

RESIDENT_ROWS = 16
"""Blocks of 128 threads that an SM holds."""
ROW_INSTRUCTIONS, WARP_INSTRUCTIONS, WARP_ELEMENTS = 33_000, 17_000, 128
"""That a block's 128 threads issue for a row, to combine their means and variances, and for each 128 elements, which a
warp of theirs takes four a thread (Welford's algorithm, a division each). Source: rows of 264 to 2,048 elements in
NeuSight's recordings of an A100 (arXiv 2407.13853); rows of 128 agree, 47,800 on an A100 at 765 MHz
(github.com/harryjmoss/particle_transformer;
the clock is assumed, see memprof.operators.instructions)."""
COLUMNS_PER_BLOCK = 32
"""Columns of scale and shift per block of the parameter-gradient kernel (GammaBetaBackwardCUDAKernel_32x32 and, later,
LaunchGammaBetaBackwardCUDAKernel): a block goes through all rows, so narrow rows leave most of the GPU idle."""
RESIDENT_COLUMNS = 2
"""Of its blocks, of 1,024 threads, an SM holds."""
TALL_ROWS = 64 * 1024
"""With more rows than this, current PyTorch also splits the rows among blocks (the same function)."""
FEW_ROWS = 512
"""With fewer, older PyTorch had another kernel, a thread for each column."""
ROWS_PER_TURN, LOADS_PER_TURN = 256, 2
"""Rows that a block of that function took at a time (32 x 8, unrolled), and waits of a turn: for the rows' statistics,
and for their elements. In columns that are no multiple of 32 a block took 16 of them."""


@formula("aten::native_layer_norm", kind=Kind.NORMALIZATION)
def cost_layer_norm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost native_layer_norm(x, normalized_shape, weight, bias, eps); mean and 1/std per row are written too."""
    source, weight = call.tensor(0), call.optional_tensor(2)
    affine = _present(weight, call.optional_tensor(3))
    flops = fvcore_counts.row_norm_flops(source.shape, weight is not None)
    return _row_kernel(source, affine, _row_elements(source, call.argument(1), weight), flops, statistics=2)


@formula("aten::_fused_rms_norm", "aten::rms_norm", kind=Kind.NORMALIZATION)
def cost_rms_norm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _fused_rms_norm(x, normalized_shape, weight, eps); 1/rms per row is written too."""
    source, weight = call.tensor(0), call.optional_tensor(2)
    flops = (RMS_FLOPS + (weight is not None)) * elements(source)
    return _row_kernel(source, _present(weight), _row_elements(source, call.argument(1), weight), flops, statistics=1)


@formula("aten::native_layer_norm_backward", kind=Kind.NORMALIZATION)
def cost_layer_norm_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost native_layer_norm_backward(dy, x, normalized_shape, mean, rstd, weight, bias, mask)."""
    statistics = _present(call.optional_tensor(3), call.optional_tensor(4))
    return _row_backward(call, statistics, call.optional_tensor(5), _mask(call.argument(7), 3))


@formula("aten::_fused_rms_norm_backward", kind=Kind.NORMALIZATION)
def cost_rms_norm_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _fused_rms_norm_backward(dy, x, normalized_shape, rstd, weight, mask)."""
    return _row_backward(call, _present(call.optional_tensor(3)), call.optional_tensor(4), _mask(call.argument(5), 2))


@formula("aten::native_group_norm", kind=Kind.NORMALIZATION)
def cost_group_norm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost native_group_norm(x, weight, bias, N, C, HxW, groups, eps)."""
    source, weight = call.tensor(0), call.optional_tensor(1)
    affine = _present(weight, call.optional_tensor(2))
    count = elements(source)
    groups = source.shape[0] * (integers(call.argument(6)) or (1,))[0]
    statistic = dense((groups,), accumulation_dtype(source.dtype))
    normalise = count * (2 if weight is not None else 1)
    flops = fvcore_counts.row_norm_flops(source.shape, weight is not None)
    output = dense(source.shape, source.dtype)
    scale = dense(source.shape[:2], statistic.dtype)
    return (
        *(() if is_contiguous(source) else (layout_copy(source),)),
        stream("statistics", (output, *affine), (statistic, statistic), flops=flops - normalise, dtype=source.dtype),
        stream("normalisation", (output, scale, scale), (output,), flops=normalise, dtype=source.dtype, threads=count),
    )


@formula("aten::native_group_norm_backward", kind=Kind.NORMALIZATION)
def cost_group_norm_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost native_group_norm_backward(dy, x, mean, rstd, weight, N, C, HxW, groups, mask).

    The reduction leaves two sums per image and channel, from which the gradients of scale and shift follow.
    """
    grad, source = call.tensor(0), call.tensor(1)
    mask = _mask(call.argument(9), 3)
    count = elements(source)
    sums = dense(source.shape[:2], accumulation_dtype(source.dtype))
    channel = dense((source.shape[1],), source.dtype)
    passes = [layout_copy(tensor) for tensor in (grad, source) if not is_contiguous(tensor)]
    operands = (dense(grad.shape, grad.dtype), dense(source.shape, source.dtype))
    passes.append(stream("reduction", operands, (sums, sums), flops=GROUP_REDUCE_FLOPS * count, dtype=source.dtype))
    if mask[0]:
        reads = (*operands, sums, sums, *_present(call.optional_tensor(4)))
        result = (dense(source.shape, source.dtype),)
        flops = GROUP_BACKWARD_FLOPS * count
        passes.append(stream("data gradient", reads, result, flops=flops, dtype=source.dtype, threads=count))
    if any(mask[1:]):
        flops = 2 * elements(sums)
        passes.append(stream("parameter gradient", (sums, sums), (channel, channel), flops=flops, dtype=source.dtype))
    return tuple(passes)


def _instructions(rows: int, row: int) -> int:
    """Return what the blocks of `rows` rows of `row` elements issue; the gradient of x is taken to need as much."""
    return rows * (ROW_INSTRUCTIONS + WARP_INSTRUCTIONS * ceil(row / WARP_ELEMENTS))


def _present(*tensors: TensorSpec | None) -> tuple[TensorSpec, ...]:
    return tuple(tensor for tensor in tensors if tensor is not None)


def _row_elements(source: TensorSpec, normalized_shape: Argument, weight: TensorSpec | None) -> int:
    """Return the elements per row: those of the trailing dimensions named, else of the weight, else the last one."""
    named = integers(normalized_shape) or (weight.shape if weight is not None else source.shape[-1:])
    return max(1, prod(named))


def _row_kernel(
    source: TensorSpec, affine: tuple[TensorSpec, ...], row: int, flops: int, *, statistics: int
) -> tuple[Work, ...]:
    """Return the forward kernel, a block per row, after the copy that makes the input contiguous."""
    copies = () if is_contiguous(source) else (layout_copy(source),)
    operand = dense(source.shape, source.dtype)
    rows = elements(source) // row
    kept = statistics * stored_bytes(dense((rows,), accumulation_dtype(source.dtype)))
    size, written = logical_bytes(operand), stored_bytes(operand) + kept
    affine_loads = sum(rows * stored_bytes(tensor) for tensor in affine)
    kernel = make_work(
        "forward",
        source.dtype,
        dram=Traffic(size + total(affine), written),
        l1=Traffic(2 * size + affine_loads, written),
        vector_flops=flops,
        blocks=rows,
        resident_blocks=RESIDENT_ROWS,
        instructions=_instructions(rows, row),
        row_bytes=size / max(1, rows),
    )
    return (*copies, kernel)


def _row_backward(
    call: OperatorCall, statistics: tuple[TensorSpec, ...], weight: TensorSpec | None, mask: tuple[bool, ...]
) -> tuple[Work, ...]:
    """Return the kernels of the gradients of x and of the parameters, after the copies to contiguous operands."""
    grad, source = call.tensor(0), call.tensor(1)
    passes = [layout_copy(tensor) for tensor in (grad, source) if not is_contiguous(tensor)]
    operands = (dense(grad.shape, grad.dtype), dense(source.shape, source.dtype))
    row = _row_elements(source, call.argument(2), weight)
    rows, count = elements(source) // row, elements(source)
    read = total((*operands, *statistics))
    parameters = _present(weight)
    written = stored_bytes(operands[1])
    if mask[0]:
        loads = 2 * (total(operands) + rows * total(parameters)) + total(statistics)
        passes.append(
            make_work(
                "data gradient",
                source.dtype,
                dram=Traffic(read + total(parameters), written),
                l1=Traffic(loads, written),
                vector_flops=ROW_BACKWARD_FLOPS * count,
                blocks=rows,
                resident_blocks=RESIDENT_ROWS,
                instructions=_instructions(rows, row),
                row_bytes=total(operands) / max(1, rows),
            )
        )
    if any(mask[1:]):
        results = sum(mask[1:]) * stored_bytes(dense((row,), source.dtype))
        columns = ceil(row / COLUMNS_PER_BLOCK)
        is_looped = rows >= FEW_ROWS and not call.stack.splits_norm_rows
        if is_looped and (row % COLUMNS_PER_BLOCK or rows % COLUMNS_PER_BLOCK):
            columns = ceil(2 * row / COLUMNS_PER_BLOCK)
        passes.append(
            make_work(
                "parameter gradient",
                source.dtype,
                dram=Traffic(read, results),
                vector_flops=PARAMETER_FLOPS * count,
                l1=Traffic(total(operands) + columns * total(statistics), results),
                blocks=None if rows > TALL_ROWS and not is_looped else columns,
                pattern=Pattern.ROW,
                serial_steps=LOADS_PER_TURN * ceil(rows / ROWS_PER_TURN) if is_looped else 0,
                resident_blocks=RESIDENT_COLUMNS,
            )
        )
    return tuple(passes)


def _mask(value: Argument, length: int) -> tuple[bool, ...]:
    """Return which gradients are wanted; all of them where the profile does not say."""
    if isinstance(value, tuple) and value:
        return tuple(is_flag(item) for item in value)
    return (True,) * length
