"""Resampling: interpolation to another size, grid sampling, and windows laid out as columns.

A thread computes one output from the few inputs around its position; L1 delivers those, DRAM each input once. FLOPs are
fvcore's where it has a handle: 1 per output for nearest, 4 for bilinear and grid sampling.

Source: ATen/native/cuda/UpSample*.cu, GridSampler.cu, im2col.cuh.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.registry import formula
from memprof.operators.traffic import make_work, stream
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import Shape, dense, element_bytes, integers, is_channels_last, spread, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

_MODES = {"nearest": (1, 1), "linear": (2, 2), "bilinear": (4, 4), "trilinear": (8, 8), "bicubic": (16, 16)}
"""Inputs per output, and FLOPs per output: fvcore's 1 and 4 for two dimensions, one per input for the rest."""

_FORWARD = {
    **{f"aten::upsample_nearest{rank}d": ("nearest", rank) for rank in (1, 2, 3)},
    **{f"aten::_upsample_nearest_exact{rank}d": ("nearest", rank) for rank in (1, 2, 3)},
    "aten::upsample_linear1d": ("linear", 1),
    "aten::upsample_bilinear2d": ("bilinear", 2),
    "aten::_upsample_bilinear2d_aa": ("bilinear", 2),
    "aten::upsample_bicubic2d": ("bicubic", 2),
    "aten::_upsample_bicubic2d_aa": ("bicubic", 2),
    "aten::upsample_trilinear3d": ("trilinear", 3),
}
_BACKWARD = {f"{name}_backward": mode for name, mode in _FORWARD.items()}


@formula(*_FORWARD, kind=Kind.POOLING)
def cost_upsample(call: OperatorCall) -> tuple[Work, ...]:
    """Cost upsample_*(x, output size, ..., scales): the size is given, or follows from the list of scales."""
    mode, rank = _FORWARD[call.name]
    source = call.tensor(0)
    output = (*source.shape[:-rank], *_size(call, source, rank))
    return (_resample("forward", source, dense(output, source.dtype), output, mode),)


@formula(*_BACKWARD, kind=Kind.POOLING)
def cost_upsample_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost upsample_*_backward(dy, output size, input size, ...): each output's gradient goes to the inputs it used."""
    mode, _ = _BACKWARD[call.name]
    grad = call.tensor(0)
    shape = integers(call.argument(2))
    if shape is None or len(shape) != len(grad.shape):
        raise LookupError(f"{call.name}: the input size was not recorded")
    return (_resample("data gradient", grad, dense(shape, grad.dtype), grad.shape, mode),)


def _size(call: OperatorCall, source: TensorSpec, rank: int) -> tuple[int, ...]:
    given = integers(call.argument(1))
    if given:
        return spread(given, rank, given[0])
    for value in call.inputs[2:]:
        if isinstance(value, tuple) and len(value) == rank:
            scales = [float(scale) for scale in value if isinstance(scale, (int, float))]
            return tuple(int(size * scale) for size, scale in zip(source.shape[-rank:], scales, strict=True))
    raise LookupError(f"{call.name}: neither output size nor scales were recorded")


_PARALLEL_MODES = frozenset({"nearest", "trilinear", "linear"})
"""Modes with a thread per output; bilinear and bicubic kernels have a thread per pixel that goes through all images
and channels (upsample_bilinear2d_out_frame in ATen/native/cuda/UpSampleBilinear2d.cu), unless channels are last. Blocks
then have 1,024 threads, two of which an SM holds."""
_PIXEL_THREADS, _PIXEL_BLOCKS = 1024, 2


def _resample(step: str, source: TensorSpec, result: TensorSpec, sampled: Shape, mode: str) -> Work:
    """Build the Work of a kernel that relates each element of the finer shape `sampled` to its few neighbours."""
    neighbours, flops = _MODES[mode]
    count = prod(sampled)
    forward = sampled == result.shape
    by_pixel = forward and mode not in _PARALLEL_MODES and not is_channels_last(source)
    return make_work(
        step,
        source.dtype,
        dram=Traffic(stored_bytes(source), stored_bytes(result)),
        l1=Traffic(
            count * (neighbours if forward else 1) * element_bytes(source.dtype),
            count * (1 if forward else neighbours) * element_bytes(result.dtype),
        ),
        vector_flops=fvcore_counts.elementwise_flops(source.shape, sampled, 0, flops),
        blocks=ceil(prod(sampled[2:]) / _PIXEL_THREADS) if by_pixel else ceil(count / 512),
        serial_steps=prod(sampled[:2]) if by_pixel else 0,
        resident_blocks=_PIXEL_BLOCKS if by_pixel else 8,
    )


@formula("aten::grid_sampler_2d", "aten::cudnn_grid_sampler", kind=Kind.POOLING)
def cost_grid_sampler(call: OperatorCall) -> tuple[Work, ...]:
    """Cost grid_sampler_2d(x, grid, mode, ...): bilinear, 4 inputs and 4 FLOPs (fvcore) per output."""
    source, grid = call.tensor(0), call.tensor(1)
    output = dense((*source.shape[:2], *grid.shape[1:3]), source.dtype)
    count = prod(output.shape)
    neighbours, flops = _MODES["bilinear"]
    return (
        make_work(
            "forward",
            source.dtype,
            dram=Traffic(stored_bytes(source) + stored_bytes(grid), stored_bytes(output)),
            l1=Traffic(count * neighbours * element_bytes(source.dtype) + stored_bytes(grid)),
            vector_flops=fvcore_counts.elementwise_flops(source.shape, output.shape, 0, flops),
            blocks=ceil(count / 512),
        ),
    )


@formula("aten::im2col", kind=Kind.LAYOUT)
def cost_im2col(call: OperatorCall) -> tuple[Work, ...]:
    """Cost im2col(x, kernel, dilation, padding, stride): windows overlap, so each input is written several times."""
    source = call.tensor(0)
    if integers(call.argument(1)) is None:
        raise LookupError(f"{call.name}: the window was not recorded")
    kernel, dilation, padding, stride = (
        spread(call.argument(place), 2, default) for place, default in ((1, 1), (2, 1), (3, 0), (4, 1))
    )
    windows = prod(
        (size + 2 * pad - step * (taps - 1) - 1) // move + 1
        for size, taps, step, pad, move in zip(source.shape[-2:], kernel, dilation, padding, stride, strict=True)
    )
    output = dense((*source.shape[:-3], source.shape[-3] * prod(kernel), windows), source.dtype)
    return (stream("layout copy", (source,), (output,), threads=prod(output.shape)),)


@formula("aten::col2im", kind=Kind.LAYOUT)
def cost_col2im(call: OperatorCall) -> tuple[Work, ...]:
    """Cost col2im(columns, output size, kernel, ...): overlapping windows are added up."""
    columns = call.tensor(0)
    size, kernel = integers(call.argument(1)), integers(call.argument(2))
    if size is None or kernel is None:
        raise LookupError(f"{call.name}: output size and window were not recorded")
    taps = prod(spread(kernel, 2, kernel[0]))
    output = dense((*columns.shape[:-2], columns.shape[-2] // taps, *size), columns.dtype)
    return (stream("layout copy", (columns,), (output,), flops=prod(columns.shape)),)
