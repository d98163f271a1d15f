"""Convolution, forward and backward: implicit matrix products on tensor cores, or depthwise on CUDA cores.

A dense or grouped convolution is, per group, the product of (N * OH * OW) x (C/g * kh * kw) windows with a
(C/g * kh * kw) x (K/g) weight. cuDNN forms the windows while it loads them ("implicit GEMM", Chetlur et al. 2014,
arXiv 1410.0759), so an input element leaves L2 once per tap and tile, but DRAM once. cuDNN may choose Winograd or FFT
instead and then does fewer operations; the counts here are those of the direct algorithm, as fvcore counts. What
PyTorch copies ahead of the kernel is counted (`convolution_layout`). What cuDNN converts inside for its own use is in
no bound, only in the predicted time (`cudnn_layout`).
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import depthwise
from memprof.operators.convolution_layout import layout_copies
from memprof.operators.convolution_shapes import BACKWARD, FORWARD, Convolution, read
from memprof.operators.cudnn_layout import conversions, is_product, is_turned
from memprof.operators.depthwise import macs
from memprof.operators.registry import formula
from memprof.operators.tiles import product_work
from memprof.operators.traffic import stream
from memprof.operators.work import Pattern, Product, Traffic, Winograd, Work
from memprof.tensors.shapes import Shape, dense, elements, is_flag, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

FEW_CHANNELS = 4
"""Up to so many input channels cuDNN pads to the 8 that 16-bit tensor-core kernels read at once."""

PATCH = (8, 16)
"""Outputs that a block of cuDNN's fused Winograd kernel takes of an image (the grids of scudnn_winograd_128x128 in
NeuSight's recordings, arXiv 2407.13853)."""

IMAGE_CHANNELS = 3
"""An input with at most this many channels is taken for the image, whose gradient nobody asks for, where a trace
does not record which gradients were."""


def kind_of(call: OperatorCall) -> Kind:
    """Return whether the call is a depthwise or another convolution."""
    return Kind.DEPTHWISE if read(call).is_depthwise else Kind.CONVOLUTION


@formula(*FORWARD, kind=kind_of)
def cost_forward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost a convolution and, where the kernel cannot add it, the bias: a second pass over the output."""
    convolution = read(call)
    schema = FORWARD[call.name]
    bias = None if schema.bias is None else call.optional_tensor(schema.bias)
    if convolution.is_depthwise:
        fused = schema.fused_bias or depthwise.fuses_bias(convolution)
        kernel = depthwise.forward(convolution, bias if fused else None)
    else:
        fused = schema.fused_bias
        kernel = _dense_forward(convolution, bias if fused else None)
    copies = layout_copies(call, convolution)
    return (*copies, kernel) if bias is None or fused else (*copies, kernel, _bias_pass(convolution, bias))


@formula(*BACKWARD, kind=kind_of)
def cost_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the gradients that the call's mask asks for: of the input, of the weight, of the bias."""
    convolution = read(call)
    schema = BACKWARD[call.name]
    grad_output = call.tensor(schema.grad_output or 0)
    wants_input, wants_weight, wants_bias = _mask(call, schema.mask, convolution)
    alone = convolution.is_depthwise
    passes = list(layout_copies(call, convolution, grad_output)) if wants_input or wants_weight else []
    if wants_input:
        passes.append((depthwise.data_gradient if alone else _data_gradient)(convolution, grad_output))
    if wants_weight:
        passes.append((depthwise.weight_gradient if alone else _weight_gradient)(convolution, grad_output))
    if wants_bias:
        passes.append(_bias_gradient(convolution, grad_output))
    return tuple(passes)


def _dense_forward(convolution: Convolution, bias: TensorSpec | None) -> Work:
    source, output = convolution.input, dense(convolution.output_shape, convolution.input.dtype)
    bias_bytes = stored_bytes(bias) if bias is not None else 0
    touched = stored_bytes(source) * convolution.touched_input_share
    return product_work(
        "forward",
        source.dtype,
        _product(convolution, convolution.output_shape),
        macs=macs(convolution),
        dram=Traffic(touched + stored_bytes(convolution.weight) + bias_bytes, stored_bytes(output)),
        vector_flops=elements(output) if bias is not None else 0,
        extra_read_bytes=bias_bytes,
        assumed=convolution.assumed,
        pattern=_pattern(convolution),
        conversions=conversions(convolution, source.shape, convolution.weight.shape),
        winograd=_winograd(convolution, convolution.output_shape),
    )


def _data_gradient(convolution: Convolution, grad_output: TensorSpec) -> Work:
    """Build the Work of the gradient of the input: as many multiply-adds as forward, one output per input element."""
    product = _product(convolution, convolution.input.shape)
    return product_work(
        "data gradient",
        grad_output.dtype,
        product,
        macs=macs(convolution),
        dram=Traffic(stored_bytes(grad_output) + stored_bytes(convolution.weight), _dense_bytes(convolution.input)),
        assumed=convolution.assumed,
        pattern=_pattern(convolution),
        conversions=conversions(convolution, grad_output.shape, convolution.weight.shape, convolution.input.shape),
        winograd=_winograd(convolution, convolution.input.shape),
        padding=_phase_taps(convolution),
    )


def _weight_gradient(convolution: Convolution, grad_output: TensorSpec) -> Work:
    """Build the Work of the gradient of the weight: as many multiply-adds as forward, summed over all positions."""
    weight = convolution.weight
    rows, columns = weight.shape[0] // convolution.groups, prod(weight.shape[1:])
    depth = macs(convolution) / max(1, convolution.groups * rows * columns)
    touched = stored_bytes(convolution.input) * convolution.touched_input_share
    return product_work(
        "weight gradient",
        grad_output.dtype,
        Product(convolution.groups, rows, columns, depth, turned=is_turned(convolution)),
        macs=macs(convolution),
        dram=Traffic(touched + stored_bytes(grad_output), _dense_bytes(weight)),
        assumed=convolution.assumed,
        pattern=_weight_pattern(convolution),
        conversions=conversions(convolution, convolution.input.shape, grad_output.shape),
        winograd=_winograd(convolution, convolution.output_shape),
    )


def _pattern(convolution: Convolution) -> Pattern:
    if convolution.groups > 1:
        return Pattern.GROUPED
    if convolution.input.shape[1] <= FEW_CHANNELS:
        return Pattern.FEW_CHANNELS
    return Pattern.POINTWISE if is_product(convolution) else Pattern.CONVOLUTION


def _weight_pattern(convolution: Convolution) -> Pattern:
    if convolution.groups > 1:
        return Pattern.GROUPED_WEIGHT_PACKED if convolution.channels_last else Pattern.GROUPED_WEIGHT
    return Pattern.POINTWISE_WEIGHT if is_product(convolution) else Pattern.WEIGHT_GRADIENT


def _winograd(convolution: Convolution, result: Shape) -> Winograd | None:
    """Return the tiles of a pass whose result has the shape `result`, where cuDNN has a Winograd algorithm for it.

    Source: cuDNN's developer guide, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED: 3x3, stride and dilation 1.
    """
    moves = {*convolution.stride, *convolution.dilation}
    if convolution.weight.shape[2:] != (3, 3) or moves != {1} or convolution.groups > 1 or convolution.channels_last:
        return None
    images, (height, width) = result[0], result[2:]
    patches = min(ceil(height / rows) * ceil(width / columns) for rows, columns in (PATCH, PATCH[::-1]))
    return Winograd(images * ceil(height / 4) * ceil(width / 4), images * patches)


def _phase_taps(convolution: Convolution) -> float:
    """Return what CUDA cores multiply over what a data gradient asks for: positions come in stride x stride phases.

    Each phase meets every stride-th tap of the window, ceil(kernel / stride) of them in each direction; where none
    falls on a phase, as three times in four of a 1x1 convolution of stride 2, it is gone through all the same: on
    DeepBench's V100 these take 4 times as long. Tensor-core kernels go phase by phase through what there is ("strided
    dgrad" in CUTLASS's implicit_gemm_convolution.md).
    """
    if convolution.transposed:
        return 1.0
    moves = zip(convolution.weight.shape[2:], convolution.stride, strict=True)
    return prod(step * ceil(taps / step) / taps for taps, step in moves)


def _product(convolution: Convolution, result: Shape) -> Product:
    """Return the matrix products, one per group, whose result has the shape `result` (N, C, spatial...)."""
    rows, columns = result[0] * prod(result[2:]), result[1] // convolution.groups
    depth = macs(convolution) / max(1, convolution.groups * rows * columns)
    return Product(convolution.groups, rows, columns, depth, turned=is_turned(convolution))


def _bias_pass(convolution: Convolution, bias: TensorSpec) -> Work:
    """Build the Work of the addition of the bias that follows cuDNN's kernel.

    Source: _convolution in ATen/native/Convolution.cpp, `output.add_(reshape_bias(...))`; MIOpen's likewise.
    """
    output = dense(convolution.output_shape, convolution.input.dtype)
    count = elements(output)
    return stream("bias", (output, bias), (output,), flops=count, dtype=output.dtype, threads=count)


def _bias_gradient(convolution: Convolution, grad_output: TensorSpec) -> Work:
    """Build the Work of the gradient of the bias: grad_output summed over all positions, one addition per element."""
    bias = dense((convolution.output_shape[1],), grad_output.dtype)
    return stream("bias gradient", (grad_output,), (bias,), flops=elements(grad_output), dtype=grad_output.dtype)


def _mask(call: OperatorCall, position: int | None, convolution: Convolution) -> tuple[bool, bool, bool]:
    mask = call.argument(position) if position is not None else None
    if isinstance(mask, tuple) and len(mask) >= 2:
        flags = [is_flag(flag) for flag in mask]
        return flags[0], flags[1], flags[2] if len(flags) > 2 else False
    return convolution.input.shape[1] > IMAGE_CHANNELS, True, False


def _dense_bytes(tensor: TensorSpec) -> int:
    return stored_bytes(dense(tensor.shape, tensor.dtype))
