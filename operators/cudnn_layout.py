"""What cuDNN converts between channels-first and channels-last for its own use, when it runs on tensor cores.

Its tensor-core kernels want channels last. Given channels-first tensors it converts what goes in, the weight among it,
and what comes out (nchwToNhwcKernel and nhwcToNchwKernel in profiles). The exception: a 1x1 convolution of stride 1 is
a matrix product of the tensors as they lie, and runs as one where the rows of H * W elements are whole vectors of 16
bytes. Read off a ResNet-50's training on an A100 in TF32 (HolisticTraceAnalysis, tests/data/nccl_parser_config): so
are 104 of 104 forward passes and data gradients. Forward kernels write channels-first results themselves more often
than not; the cheap conversions of those that do not are left out.

On CUDA cores cuDNN converts nothing: memprof.roofline.timing knows which engine runs the convolution.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.operators.convolution_shapes import Convolution
from memprof.operators.work import Conversion
from memprof.tensors.shapes import Shape, element_bytes

VECTOR_BYTES = 16
"""Of one load of a thread."""
BLOCK_SIDE = 32
"""Channels, and positions, that a block of the converting kernel takes through shared memory: the times of weights of
2048 x 512 x 1 x 1 and 512 x 512 x 3 x 3 (67 and 22 us in that profile) follow K ceil(C / 32) ceil(kh kw / 32)."""


def is_product(convolution: Convolution) -> bool:
    """Return whether a convolution is one matrix product of its tensors as they lie: 1x1, stride 1, whole vectors."""
    moves = {*convolution.stride} == {1} and not any(convolution.padding)
    positions = prod(convolution.input.shape[2:])
    vector = VECTOR_BYTES // element_bytes(convolution.input.dtype)
    is_whole = convolution.channels_last or positions % vector == 0
    return convolution.taps == 1 and moves and convolution.groups == 1 and is_whole


def is_turned(convolution: Convolution) -> bool:
    """Return whether a convolution is a product of channels-first tensors, one of whose operands lies across its depth.

    Forward and for the input these are the channels, which lie apart; for the weight the weight itself is written so.
    Kernels of channels-last tensors, and cuBLAS's, do not mind: weight gradients of converted tensors reach 56 to 96
    TFLOP/s of TF32 in that profile, others 25 to 59; `a @ b` of an A100 116 (github.com/mli/transformers-benchmarks).
    """
    return is_product(convolution) and not convolution.channels_last


def conversions(convolution: Convolution, *shapes: Shape) -> tuple[Conversion, ...]:
    """Return the conversions of tensors of `shapes` (N, C, spatial...), none where the convolution needs none."""
    if convolution.channels_last or is_product(convolution):
        return ()
    return tuple(_conversion(shape, element_bytes(convolution.input.dtype)) for shape in shapes)


def _conversion(shape: Shape, size: int) -> Conversion:
    outer, channels, positions = shape[0], shape[1], prod(shape[2:])
    padded = ceil(channels * size / VECTOR_BYTES) * VECTOR_BYTES
    moved = outer * positions * (channels * size + padded)
    return Conversion(moved, outer * ceil(channels / BLOCK_SIDE) * ceil(positions / BLOCK_SIDE))
