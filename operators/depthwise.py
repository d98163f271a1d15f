"""Depthwise convolution: every channel convolved alone, on CUDA cores, by PyTorch's own kernels.

Source of every access counted here: ATen/native/cuda/DepthwiseConv2d.cu. One thread computes one output. For each of
the kh * kw taps it loads an input and a weight through L1 and multiplies them; nothing is kept in shared memory. So L1
delivers 2 * kh * kw elements per output, 8 * kh * kw bytes in fp32, and that, not DRAM, bounds large kernels: on an RTX
2080 Ti (68 SMs x 64 B/clk x 1.635 GHz) it explains the times of shared/published/depthwise_stack_rtx2080ti.csv to 31 %
for kernels of 13 and more, where DRAM traffic alone is 10 to 100 times too fast. Taps that fall into the padding are
counted, as fvcore counts them.

The kernels for channels-last tensors (cuDNN's) are closed; their bytes are held to the same counts, their time to what
they seem to issue.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.operators import fvcore_counts
from memprof.operators.convolution_shapes import Convolution
from memprof.operators.traffic import make_work
from memprof.operators.work import Pattern, Traffic, Work
from memprof.tensors.shapes import Shape, dense, element_bytes, elements, stored_bytes
from memprof.tensors.spec import TensorSpec

THREADS = 1024
"""Threads, and so outputs, per block (CUDA_NUM_THREADS in ATen/cuda/detail/KernelUtils.h)."""
WEIGHT_WARPS, WARP_THREADS = 8, 32
"""Warps per block of the weight gradient, one for each image at a time, and outputs that a warp takes at a time
(getGradParamsNumThreads in the same file)."""
BASE, TAP = 45, 13
HALF_BASE, HALF_ROW = 100, 20
"""Instructions of cuDNN's kernels for an element and for each of its taps, and in 16 bits, where a row of taps is kept,
for each row. Source: windows of 3, 5 and 7 in ConvNeXt-T in TF32 on an A100 (InceptionNeXt's README), of 3 and 5 in 16
bits on an RTX 3090 (timm) and an A100 (NVIDIA's EfficientNets)."""
RESIDENT_WARPS, RESIDENT_BLOCKS = 64, 16
"""Of them an SM holds, and blocks: few images make blocks of as few warps (the same function)."""
HALF_BYTES = 2
CUDNN_CHANNELS, CUDNN_COLUMNS, CUDNN_WINDOWS = 32, 7, (1, 3, 5)
KEPT_TAPS = 7
"""cuDNN's 16-bit kernels for wider windows are slower, as if they kept nothing: networks with windows of 9 say so."""


def macs(convolution: Convolution) -> int:
    """Return the multiply-adds of the forward pass; each gradient costs as many."""
    return fvcore_counts.convolution_macs(
        convolution.input.shape, convolution.weight.shape, convolution.output_shape, convolution.transposed
    )


def is_cudnns(convolution: Convolution) -> bool:
    """Return whether cuDNN runs the convolution, and not PyTorch's own kernels.

    Source: use_cudnn_depthwise and check_cudnn_depthwise_workload_with_filter in ATen/native/Convolution.cpp: cuDNN
    takes channels-last tensors; of others, half-precision ones of at least 32 channels and 7 columns with square
    windows of 1, 3 or 5 that are not dilated, at a stride of 1, or of 2 where there are many channels or one image.
    """
    if convolution.channels_last:
        return True
    source, size = convolution.input, convolution.weight.shape[2:]
    is_half = source.dtype == "float16" and source.shape[1] >= CUDNN_CHANNELS and set(convolution.dilation) == {1}
    if not is_half or len(size) != 2 or len(set(convolution.stride)) > 1:
        return False
    if source.shape[2] == 1 and convolution.stride[1] == 1:
        return True
    if size[0] != size[1] or size[0] not in CUDNN_WINDOWS or source.shape[3] < CUDNN_COLUMNS:
        return False
    return convolution.stride[1] == 1 or (convolution.stride[1] == 2 and _suits_stride(source.shape, size[0]))


def _suits_stride(source: Shape, window: int) -> bool:
    """Return whether cuDNN takes a stride of 2 for a half-precision input (N, C, H, W): the same function."""
    images, channels, _, columns = source
    if window == 1:
        return columns <= 28 if images == 1 else images <= 16 and channels >= 128 and columns <= CUDNN_COLUMNS
    return images == 1 or channels >= 512 or (channels >= 256 and columns >= 28)


def fuses_bias(convolution: Convolution) -> bool:
    """Return whether the kernel adds the bias itself: PyTorch's does, cuDNN's leaves it to a separate addition."""
    return not (convolution.transposed or is_cudnns(convolution))


def forward(convolution: Convolution, bias: TensorSpec | None) -> Work:
    """Build the Work of the forward kernel; `bias` is given where the kernel adds it."""
    source, weight = convolution.input, convolution.weight
    output = dense(convolution.output_shape, source.dtype)
    outputs = elements(output)
    added = (bias,) if bias is not None else ()
    bias_bytes = sum(stored_bytes(tensor) for tensor in added)
    touched = stored_bytes(source) * convolution.touched_input_share
    blocks = ceil(outputs / THREADS)
    rows = _row_factor(convolution.output_shape, source.shape, convolution.stride, convolution.window, gather=True)
    return make_work(
        "forward",
        source.dtype,
        dram=Traffic(touched + stored_bytes(weight) + bias_bytes, stored_bytes(output)),
        l2=Traffic(touched * rows + _weight_reads(convolution, convolution.output_shape, blocks) + bias_bytes),
        l1=Traffic(_taps_loaded(convolution) + len(added) * stored_bytes(output)),
        vector_flops=fvcore_counts.flops_of_macs(macs(convolution)) + len(added) * outputs,
        macs=macs(convolution),
        blocks=blocks,
        assumed=convolution.assumed,
        pattern=Pattern.DEPTHWISE_CUDNN if is_cudnns(convolution) else Pattern.DEPTHWISE,
        instructions=_cudnn_instructions(convolution, outputs),
    )


def data_gradient(convolution: Convolution, grad_output: TensorSpec) -> Work:
    """Build the Work of the gradient of the input: one thread per input element, over the taps that reach it.

    A stride leaves each input element fewer taps, so that all of them together load what the forward pass loads.
    """
    grad_input = dense(convolution.input.shape, grad_output.dtype)
    blocks = ceil(elements(grad_input) / THREADS)
    rows = _row_factor(convolution.input.shape, grad_output.shape, convolution.stride, convolution.window, gather=False)
    read = stored_bytes(grad_output)
    return make_work(
        "data gradient",
        grad_output.dtype,
        dram=Traffic(read + stored_bytes(convolution.weight), stored_bytes(grad_input)),
        l2=Traffic(read * rows + _weight_reads(convolution, convolution.input.shape, blocks)),
        l1=Traffic(_taps_loaded(convolution)),
        vector_flops=fvcore_counts.flops_of_macs(macs(convolution)),
        macs=macs(convolution),
        blocks=blocks,
        assumed=convolution.assumed,
        pattern=Pattern.DEPTHWISE_CUDNN_DATA if is_cudnns(convolution) else Pattern.DEPTHWISE_DATA,
        instructions=_cudnn_instructions(convolution, elements(grad_input)),
    )


def weight_gradient(convolution: Convolution, grad_output: TensorSpec) -> Work:
    """Build the Work of the gradient of the weight: a block per (channel, kh, kw) goes through the whole channel.

    Every block reads the channel's grad_output and the input elements under its tap, for all images. The blocks of a
    channel run at the same time on different SMs, so L2 serves the repeats and DRAM is read once. Few channels make few
    blocks, and no other block then hides that each turn of a thread's loop waits for its loads: cuDNN's is not known.
    """
    source, weight = convolution.input, dense(convolution.weight.shape, grad_output.dtype)
    touched = stored_bytes(source) * convolution.touched_input_share
    output_bytes = prod(convolution.output_shape) * element_bytes(grad_output.dtype)
    return make_work(
        "weight gradient",
        grad_output.dtype,
        dram=Traffic(touched + stored_bytes(grad_output), stored_bytes(weight)),
        l2=Traffic(2 * convolution.taps * output_bytes),
        l1=Traffic(2 * convolution.taps * output_bytes),
        vector_flops=fvcore_counts.flops_of_macs(macs(convolution)),
        macs=macs(convolution),
        blocks=elements(weight),
        assumed=convolution.assumed,
        pattern=Pattern.DEPTHWISE_CUDNN_WEIGHT if convolution.channels_last else Pattern.DEPTHWISE_WEIGHT,
        padding=_idle_lanes(convolution),
        serial_steps=0 if convolution.channels_last else _loop_turns(convolution.output_shape),
        resident_blocks=min(RESIDENT_BLOCKS, RESIDENT_WARPS // min(WEIGHT_WARPS, convolution.output_shape[0])),
    )


def _cudnn_instructions(convolution: Convolution, threads: int) -> float:
    """Return what cuDNN's kernels issue for `threads` elements; nothing is counted of PyTorch's kernels here.

    A data gradient's stride leaves each element fewer taps.
    """
    if not is_cudnns(convolution):
        return 0
    taps = macs(convolution) / max(1, threads)
    each = (
        HALF_ROW * taps**0.5 + HALF_BASE if element_bytes(convolution.input.dtype) == HALF_BYTES else TAP * taps + BASE
    )
    return threads * each * _idle_lanes(convolution)


def _idle_lanes(convolution: Convolution) -> float:
    """Return the lanes over the channels: channels last, the lanes of a warp lie side by side over 32 of them."""
    channels = convolution.input.shape[1]
    return WARP_THREADS * ceil(channels / WARP_THREADS) / channels if convolution.channels_last else 1


def _loop_turns(output: Shape) -> int:
    """Return how often a thread of the weight gradient goes through its loop, each time waiting for what it loads."""
    return ceil(output[0] / WEIGHT_WARPS) * ceil(prod(output[2:]) / WARP_THREADS)


def _taps_loaded(convolution: Convolution) -> float:
    """Return the bytes that L1 delivers for the taps: an input and a weight per multiply-add.

    cuDNN's kernels for 16-bit tensors are faster than that allows; for them the lower count that keeps a row of taps in
    registers is taken.
    """
    size = element_bytes(convolution.input.dtype)
    width = convolution.weight.shape[-1]
    kept = width if size == HALF_BYTES and is_cudnns(convolution) and width <= KEPT_TAPS else 1
    return 2 * macs(convolution) * size / kept


def _weight_reads(convolution: Convolution, threads_shape: Shape, blocks: int) -> float:
    """Return the weight bytes that leave L2: each block loads the window of each channel it works on once."""
    planes = threads_shape[0] * threads_shape[1]
    return max(blocks, planes) * convolution.taps * element_bytes(convolution.weight.dtype)


def _row_factor(threads: Shape, source: Shape, stride: Shape, window: Shape, *, gather: bool) -> float:
    """Return how often a row of `source` leaves L2 because blocks split the plane of `threads` between them.

    Outputs lie linearly over the plane, so a block of 1024 threads covers 1024 / width rows of outputs, and two
    neighbouring blocks both read the window's overlap: a block of r rows reads r * stride + window - stride source rows
    (forward, `gather`), or (r + window - 1) / stride of them (data gradient). A plane within one block is read once.
    """
    if len(threads) < 4 or prod(source[-2:]) == 0 or prod(threads[-2:]) <= THREADS:
        return 1.0
    height, width = threads[-2:]
    rows = max(1, min(height, THREADS // width))
    step, extent = stride[-2], window[-2]
    read = rows * step + extent - step if gather else (rows + extent - 1) / step
    return max(1.0, ceil(height / rows) * min(source[-2], read) / source[-2])
