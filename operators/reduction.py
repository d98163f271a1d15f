"""Reductions: sums, means, extremes, variances, norms, scans and selections along dimensions.

Source: ATen/native/cuda/Reduce.cuh: the input is read once by as many threads as keep the GPU busy, partial results
meet in shared memory, and little is written. All three levels move the same bytes.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.elementwise import pointwise
from memprof.operators.registry import formula
from memprof.operators.traffic import fill, make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import (
    Shape,
    axes,
    dense,
    dtype_argument,
    element_bytes,
    elements,
    integers,
    is_floating,
    logical_bytes,
    stored_bytes,
)
from memprof.tensors.spec import Argument, TensorSpec
from memprof.tensors.strides import contiguous_strides
from memprof.vocabulary import Kind

SUM_FLOPS = 1
"""Per input element: an addition (a product for prod, a comparison for extremes)."""
VARIANCE_FLOPS = 5
"""Per input element of Welford's update (WelfordOps in ATen/native/SharedReduceOps.h): the difference from the mean,
its share, the new mean, the new difference times the old one, added to the sum of squares."""
NORM_FLOPS = 2
"""Per input element: a square and an addition."""
ELEMENT_INSTRUCTIONS, THREAD_INSTRUCTIONS = 13, 240
"""Of reduce_kernel, for each element, and for each thread to find its place, to sum among its block and to write.
Source: means over 7 x 7 of 65,536 channels take 25 us on an A100 and 34 on a V100 in ResNet-50 traces
(HolisticTraceAnalysis, kineto); over 8 of 67 million elements, not along rows, 276 us on an A100 at 765 MHz
(github.com/harryjmoss/particle_transformer;
the clock is assumed, see memprof.operators.instructions)."""
ROW_THREADS = 32
"""Most threads for a row, where there are many rows (ReduceConfig::set_block_dimension in Reduce.cuh)."""
RADIX_BITS = 2
"""Bits that each pass of top-k's radix selection settles (ATen/native/cuda/SortingRadixSelect.cuh)."""
SORT_BITS = 8
"""Bits that each pass of a radix sort settles (CUB's DeviceRadixSort); every pass reads and writes keys and indices."""


@formula("aten::sum", "aten::mean", "aten::prod", "aten::nansum", kind=Kind.REDUCTION)
def cost_total(call: OperatorCall) -> tuple[Work, ...]:
    """Cost sum(x, dim, keepdim, dtype), or sum(x, dtype) over everything, and its like."""
    source = call.tensor(0)
    over_all = len(call.inputs) <= 2
    dtype = dtype_argument(call.argument(1 if over_all else 3), source.dtype)
    if call.name != "aten::mean" and dtype == source.dtype and not is_floating(dtype):
        dtype = "int64"
    return (_reduce(source, None if over_all else call.argument(1), SUM_FLOPS, (dtype,)),)


@formula("aten::amax", "aten::amin", "aten::all", "aten::any", "aten::logsumexp", kind=Kind.REDUCTION)
def cost_extreme(call: OperatorCall) -> tuple[Work, ...]:
    """Cost amax(x, dim, keepdim) and its like; logsumexp also subtracts the maximum, exponentiates and adds."""
    source = call.tensor(0)
    flops = {"aten::all": 0, "aten::any": 0, "aten::logsumexp": 4}.get(call.name, SUM_FLOPS)
    dtype = "bool" if call.name in ("aten::all", "aten::any") else source.dtype
    return (_reduce(source, call.argument(1), flops, (dtype,)),)


@formula("aten::max", "aten::min", kind=Kind.REDUCTION)
def cost_max_or_min(call: OperatorCall) -> tuple[Work, ...]:
    """Cost max(x), max(x, dim, keepdim) with indices, or max(x, y) element by element."""
    source = call.tensor(0)
    if isinstance(call.argument(1), TensorSpec):
        return (pointwise(call, 2, SUM_FLOPS),)
    if call.argument(1) is None:
        return (_reduce(source, None, SUM_FLOPS, (source.dtype,)),)
    return (_reduce(source, call.argument(1), SUM_FLOPS, (source.dtype, "int64")),)


@formula("aten::argmax", "aten::argmin", kind=Kind.REDUCTION)
def cost_arg_extreme(call: OperatorCall) -> tuple[Work, ...]:
    """Cost argmax(x, dim, keepdim)."""
    return (_reduce(call.tensor(0), call.argument(1), SUM_FLOPS, ("int64",)),)


@formula("aten::aminmax", kind=Kind.REDUCTION)
def cost_aminmax(call: OperatorCall) -> tuple[Work, ...]:
    """Cost aminmax(x, dim, keepdim): both extremes in one pass."""
    dtype = call.tensor(0).dtype
    return (_reduce(call.tensor(0), call.argument(1), 2 * SUM_FLOPS, (dtype, dtype)),)


@formula("aten::var", "aten::std", "aten::var_mean", "aten::std_mean", kind=Kind.REDUCTION)
def cost_variance(call: OperatorCall) -> tuple[Work, ...]:
    """Cost var(x, dim, correction, keepdim), or var(x, unbiased) over everything; var_mean keeps the mean as well."""
    source = call.tensor(0)
    named = call.argument(1) if isinstance(call.argument(1), tuple) else None
    results = 2 if call.name.endswith("_mean") else 1
    return (_reduce(source, named, VARIANCE_FLOPS, (source.dtype,) * results),)


@formula("aten::linalg_vector_norm", "aten::norm", kind=Kind.REDUCTION)
def cost_norm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost linalg_vector_norm(x, ord, dim, keepdim, dtype) and norm(x, p, dim, keepdim)."""
    source = call.tensor(0)
    return (_reduce(source, call.argument(2), NORM_FLOPS, (dtype_argument(call.argument(4), source.dtype),)),)


@formula("aten::cumsum", "aten::cumprod", "aten::logcumsumexp", "aten::cumsum_", kind=Kind.REDUCTION)
def cost_scan(call: OperatorCall) -> tuple[Work, ...]:
    """Cost cumsum(x, dim): every element is read, added and written (ATen/native/cuda/ScanKernels.cpp)."""
    source = call.tensor(0)
    flops = elements(source) if is_floating(source.dtype) else 0
    return (stream("scan", (source,), (dense(source.shape, source.dtype),), flops=flops),)


@formula("aten::histc", kind=Kind.REDUCTION)
def cost_histogram(call: OperatorCall) -> tuple[Work, ...]:
    """Cost histc(x, bins, min, max): x is read and counted by block (ATen/native/cuda/SummaryOps.cu)."""
    source = call.tensor(0)
    bins = dense((integers(call.argument(1)) or (100,))[:1], source.dtype)
    return (fill("fill", bins), stream("count", (source,), (bins,)))


@formula("aten::cummax", "aten::cummin", kind=Kind.REDUCTION)
def cost_extreme_scan(call: OperatorCall) -> tuple[Work, ...]:
    """Cost cummax(x, dim): a scan by comparison, which also writes the positions of the extremes."""
    source = call.tensor(0)
    outputs = (dense(source.shape, source.dtype), dense(source.shape, "int64"))
    flops = elements(source) if is_floating(source.dtype) else 0
    return (stream("scan", (source,), outputs, flops=flops),)


@formula("aten::topk", "aten::kthvalue", "aten::median", kind=Kind.REDUCTION)
def cost_topk(call: OperatorCall) -> tuple[Work, ...]:
    """Cost topk(x, k, dim): a radix selection reads each slice once per 2 bits of the keys, from the caches.

    Source: ATen/native/cuda/TensorTopK.cu. Values and 64-bit indices of the selected elements are written.
    """
    source = call.tensor(0)
    if call.name == "aten::topk":
        count, dim = integers(call.argument(1)), integers(call.argument(2))
    else:
        count, dim = (1,), integers(call.argument(2 if call.name == "aten::kthvalue" else 1))
    length = source.shape[(dim or (-1,))[0]] if source.shape else 1
    kept = elements(source) // max(1, length) * (count or (1,))[0]
    passes = 8 * element_bytes(source.dtype) // RADIX_BITS
    written = kept * (element_bytes(source.dtype) + element_bytes("int64"))
    return (
        make_work(
            "selection",
            source.dtype,
            dram=Traffic(stored_bytes(source), written),
            l1=Traffic(logical_bytes(source) * (passes + 1), written),
            blocks=elements(source) // max(1, length),
        ),
    )


@formula("aten::sort", "aten::argsort", kind=Kind.REDUCTION)
def cost_sort(call: OperatorCall) -> tuple[Work, ...]:
    """Cost sort(x): a radix sort that reads and writes keys and 64-bit indices once per 8 bits of the keys."""
    source = call.tensor(0)
    size = element_bytes(source.dtype)
    passes = ceil(8 * size / SORT_BITS)
    moved = elements(source) * (size + element_bytes("int64"))
    return (make_work("sort", source.dtype, dram=Traffic(passes * moved, passes * moved), launches=passes),)


def reduced_shape(shape: Shape, dims: Argument) -> Shape:
    """Return the shape left after reducing `dims` of `shape`; all of them where none is named."""
    gone = axes(dims, len(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in gone)


def _reduce(source: TensorSpec, dims: Argument, flops: int, dtypes: tuple[str, ...]) -> Work:
    """Build the Work of one reduction that leaves a result per dtype in `dtypes`, `flops` per input element."""
    left = reduced_shape(source.shape, dims)
    count = 0
    if flops and is_floating(source.dtype):
        count = fvcore_counts.elementwise_flops(source.shape, left, flops, 0)
    results = tuple(dense(left, dtype) for dtype in dtypes)
    issued = ELEMENT_INSTRUCTIONS * elements(source) + THREAD_INSTRUCTIONS * _threads(source, dims)
    return stream("reduction", (source,), results, flops=count, dtype=source.dtype, instructions=issued)


def _threads(source: TensorSpec, dims: Argument) -> int:
    """Return the threads of a reduction: one for each result, or a row's worth of them where it goes along rows."""
    gone = axes(dims, len(source.shape))
    left = [axis for axis in range(len(source.shape)) if axis not in gone]
    kept = prod(source.shape[axis] for axis in left)
    row = elements(source) // max(1, kept)
    strides = source.strides or contiguous_strides(source.shape)
    innermost = min(
        (axis for axis in range(len(strides)) if source.shape[axis] > 1), key=lambda axis: strides[axis], default=0
    )
    if innermost in left or row < 1:
        return kept
    lanes: int = 1 << (row.bit_length() - 1)
    return kept * min(ROW_THREADS, lanes)
