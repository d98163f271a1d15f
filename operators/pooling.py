"""Pooling, forward and backward: a thread per output goes through its window.

L1 delivers every element of every window; where windows overlap, L2 and DRAM still deliver each input element once (the
few rows that two blocks share are left out). An input that no window covers is not read. FLOPs: one comparison, or one
addition, per element of a window.

Source: ATen/native/cuda/DilatedMaxPool2d.cu, AveragePool2d.cu, AdaptiveAveragePooling.cu.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.registry import formula
from memprof.operators.traffic import fill, make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import Shape, dense, element_bytes, elements, integers, is_flag, spread, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

THREADS = 256
"""Threads, and so outputs, per block (BLOCK_THREADS in DilatedMaxPool2d.cu)."""

SEARCH_INSTRUCTIONS = 450
"""That a thread of the max-pool gradient issues to search the windows over its input element, 3x3 of stride 2: integer
divisions and comparisons. Source: 0.66 and 0.78 ms for 32 x 64 x 112 x 112 in ResNet-50 traces of an A100
(HolisticTraceAnalysis) and a V100 (kineto), the filling of the gradient left out."""
SEARCHED_WINDOWS = 2.25
"""Windows over an input element there: 3 / 2 in each dimension."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The geometry of a pooling call: what the window covers and the shape of the output."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    output_shape: Shape
    assumed: str = ""

    @property
    def taps(self) -> int:
        """Return the elements of a window."""
        return prod(self.kernel)

    @property
    def windows(self) -> float:
        """Return how many windows lie over an input element."""
        return prod(size / step for size, step in zip(self.kernel, self.stride, strict=True))

    def touched(self, source: TensorSpec) -> float:
        """Return the distinct input bytes that some window covers."""
        share = 1.0
        rank = len(self.kernel)
        for size, out, taps in zip(source.shape[-rank:], self.output_shape[-rank:], self.kernel, strict=True):
            share *= min(1.0, out * taps / max(1, size))
        return stored_bytes(source) * share


def _pool(call: OperatorCall, source: TensorSpec, first: int, *, dilated: bool, output: Shape | None = None) -> Pool:
    """Read kernel, stride, padding (and dilation), ceil_mode from position `first` on.

    Where they were not recorded, the window follows from a known output shape, else 2 with stride 2 is assumed.
    """
    rank = _rank(call)
    kernel = integers(call.argument(first))
    if kernel is None:
        if output is None:
            output = (*source.shape[:-rank], *(max(1, size // 2) for size in source.shape[-rank:]))
        window = _ratio(source.shape, output, rank)
        return Pool(window, window, output, "window and stride inferred from the shapes or assumed to be 2")
    kernel = spread(call.argument(first), rank, kernel[0])
    stride = spread(call.argument(first + 1), rank, 0) if integers(call.argument(first + 1)) else kernel
    padding = spread(call.argument(first + 2), rank, 0)
    dilation = spread(call.argument(first + 3), rank, 1) if dilated else (1,) * rank
    up = is_flag(call.argument(first + (4 if dilated else 3)))
    if output is None:
        sizes = zip(source.shape[-rank:], kernel, stride, padding, dilation, strict=True)
        output = (*source.shape[:-rank], *(_extent(*size, up=up) for size in sizes))
    return Pool(kernel, stride, output)


def _extent(size: int, kernel: int, stride: int, padding: int, dilation: int, *, up: bool) -> int:
    """Return the output size along one dimension; a window must start inside the padded input (ATen/native/Pool.h)."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    out = (ceil(room / stride) if up else room // stride) + 1
    return out - 1 if up and (out - 1) * stride >= size + padding else out


def _ratio(source: Shape, output: Shape, rank: int) -> tuple[int, ...]:
    sizes = zip(source[-rank:], output[-rank:], strict=True)
    return tuple(max(1, ceil(before / max(1, after))) for before, after in sizes)


def _rank(call: OperatorCall) -> int:
    """Return the pooled dimensions, which the operator's name says ("aten::avg_pool2d")."""
    return next(rank for rank in (1, 2, 3) if f"pool{rank}d" in call.name)


def _forward(pool: Pool, source: TensorSpec, results: tuple[TensorSpec, ...]) -> Work:
    outputs = prod(pool.output_shape)
    written = sum(stored_bytes(result) for result in results)
    return make_work(
        "forward",
        source.dtype,
        dram=Traffic(pool.touched(source), written),
        l1=Traffic(outputs * pool.taps * element_bytes(source.dtype)),
        vector_flops=fvcore_counts.elementwise_flops(source.shape, pool.output_shape, 0, pool.taps),
        blocks=ceil(outputs / THREADS),
        assumed=pool.assumed,
    )


@formula("aten::max_pool2d_with_indices", "aten::max_pool3d_with_indices", kind=Kind.POOLING)
def cost_max_pool(call: OperatorCall) -> tuple[Work, ...]:
    """Cost max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil_mode): 64-bit indices are written too."""
    source = call.tensor(0)
    pool = _pool(call, source, 1, dilated=True)
    return (_forward(pool, source, (dense(pool.output_shape, source.dtype), dense(pool.output_shape, "int64"))),)


@formula("aten::max_pool2d_with_indices_backward", "aten::max_pool3d_with_indices_backward", kind=Kind.POOLING)
def cost_max_pool_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradient of max pooling (dy, x, kernel, stride, padding, dilation, ceil_mode, indices).

    The gradient is zeroed, then each input element looks through the indices of the windows that cover it.
    """
    grad, source = call.tensor(0), call.tensor(1)
    pool = _pool(call, source, 2, dilated=True, output=grad.shape)
    indices = dense(grad.shape, "int64")
    result = dense(source.shape, source.dtype)
    count = elements(grad)
    loads = pool.taps * count * (element_bytes("int64") + element_bytes(grad.dtype))
    kernel = make_work(
        "data gradient",
        grad.dtype,
        dram=Traffic(stored_bytes(grad) + stored_bytes(indices), stored_bytes(result)),
        l1=Traffic(loads),
        vector_flops=count,
        blocks=ceil(elements(result) / THREADS),
        assumed=pool.assumed,
        instructions=SEARCH_INSTRUCTIONS * elements(result) * max(1.0, pool.windows / SEARCHED_WINDOWS),
    )
    return (fill("fill", result), kernel)


@formula("aten::avg_pool1d", "aten::avg_pool2d", "aten::avg_pool3d", kind=Kind.POOLING)
def cost_avg_pool(call: OperatorCall) -> tuple[Work, ...]:
    """Cost avg_pool2d(x, kernel, stride, padding, ceil_mode, ...)."""
    source = call.tensor(0)
    pool = _pool(call, source, 1, dilated=False)
    return (_forward(pool, source, (dense(pool.output_shape, source.dtype),)),)


@formula("aten::avg_pool2d_backward", "aten::avg_pool3d_backward", kind=Kind.POOLING)
def cost_avg_pool_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradient of average pooling (dy, x, kernel, stride, ...): each input element sums over its windows."""
    grad, source = call.tensor(0), call.tensor(1)
    pool = _pool(call, source, 2, dilated=False, output=grad.shape)
    return (_spread_gradient(grad, source, pool.taps, pool.assumed),)


@formula(
    "aten::_adaptive_avg_pool2d", "aten::_adaptive_avg_pool3d", "aten::mkldnn_adaptive_avg_pool2d", kind=Kind.POOLING
)
def cost_adaptive_avg_pool(call: OperatorCall) -> tuple[Work, ...]:
    """Cost adaptive average pooling (x, output size): an addition per input element, as fvcore counts it."""
    source = call.tensor(0)
    output = _adaptive_output(call, source)
    results = (dense(output, source.dtype),)
    flops = fvcore_counts.elementwise_flops(source.shape, output, 1, 0)
    return (stream("forward", (source,), results, flops=flops, dtype=source.dtype),)


@formula("aten::adaptive_max_pool2d", "aten::adaptive_max_pool3d", kind=Kind.POOLING)
def cost_adaptive_max_pool(call: OperatorCall) -> tuple[Work, ...]:
    """Cost adaptive max pooling (x, output size), which writes 64-bit indices as well."""
    source = call.tensor(0)
    output = _adaptive_output(call, source)
    results = (dense(output, source.dtype), dense(output, "int64"))
    return (stream("forward", (source,), results, flops=elements(source), dtype=source.dtype),)


@formula("aten::_adaptive_avg_pool2d_backward", "aten::_adaptive_avg_pool3d_backward", kind=Kind.POOLING)
def cost_adaptive_avg_pool_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradient of adaptive average pooling (dy, x)."""
    return (_spread_gradient(call.tensor(0), call.tensor(1), 1, ""),)


@formula("aten::adaptive_max_pool2d_backward", "aten::adaptive_max_pool3d_backward", kind=Kind.POOLING)
def cost_adaptive_max_pool_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradient of adaptive max pooling (dy, x, indices): dx is zeroed, then dy is scattered into it."""
    grad, source, indices = call.tensor(0), call.tensor(1), call.tensor(2)
    result = dense(source.shape, source.dtype)
    scattered = stream("data gradient", (grad, indices), (dense(grad.shape, grad.dtype),), dtype=grad.dtype)
    return (fill("fill", result), scattered)


def _adaptive_output(call: OperatorCall, source: TensorSpec) -> Shape:
    rank = _rank(call)
    return (*source.shape[:-rank], *spread(call.argument(1), rank, 1))


def _spread_gradient(grad: TensorSpec, source: TensorSpec, taps: int, assumed: str) -> Work:
    """Build the Work of spreading each output's gradient over its window: `taps` loads and additions per output."""
    result = dense(source.shape, source.dtype)
    count = max(elements(result), taps * elements(grad))
    return make_work(
        "data gradient",
        grad.dtype,
        dram=Traffic(stored_bytes(grad), stored_bytes(result)),
        l1=Traffic(count * element_bytes(grad.dtype)),
        vector_flops=count,
        blocks=ceil(elements(result) / THREADS),
        assumed=assumed,
    )
