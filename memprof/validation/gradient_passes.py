"""Which kernels of a convolution's backward call belong to which gradient.

Operators of PyTorch compute the data gradient first, then the weight gradient, then that of the bias
(aten/src/ATen/native/cudnn/ConvShared.cpp and convolution_backward in ATen/native/Convolution.cpp). Libraries name the
kernels of weight gradients: wgrad by cuDNN, wrw by MIOpen, grad_weight by PyTorch's depthwise kernels. What prepares a
kernel (conversion of its inputs' layout, tables of offsets, workspace set to zero) runs right before it and belongs to
its pass; what converts a result's layout runs after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memprof.profiles.records import Activity, Kernel

DATA, WEIGHT, BIAS = "data gradient", "weight gradient", "bias gradient"
GRADIENTS = (DATA, WEIGHT, BIAS)

_WEIGHT = re.compile(r"wgrad|grad_weight|wrw", re.IGNORECASE)
_DATA = re.compile(r"dgrad|bwd_data", re.IGNORECASE)
_SUMS_PRODUCT = "reduce_wgrad"
"""cuDNN's helper that adds up the parts of a weight gradient; the matrix product before it made them."""
_PREPARES = re.compile(r"nchwToNhwc|compute\w*OffsetsKernel|scalePackedTensor")
_BIAS = re.compile(r"reduce_kernel")


def split(kernels: Sequence[Kernel], passes: Sequence[str]) -> dict[str, tuple[Kernel, ...]] | None:
    """Return the kernels of each of `passes`, some of GRADIENTS in order; None where they do not tell.

    `kernels` are those of one call, in the order of their launches.
    """
    if len(passes) < 2:
        return {name: tuple(kernels) for name in passes}
    rest = list(kernels)
    parts: dict[str, tuple[Kernel, ...]] = {}
    if BIAS in passes:
        if not rest or not _BIAS.search(rest[-1].name):
            return None
        parts[BIAS] = (rest.pop(),)
    if DATA not in passes or WEIGHT not in passes:
        return {next(name for name in passes if name != BIAS): tuple(rest), **parts} if rest else None
    start = _weight_start(rest)
    if start is None:
        return None
    return {DATA: tuple(rest[:start]), WEIGHT: tuple(rest[start:]), **parts}


def _weight_start(kernels: Sequence[Kernel]) -> int | None:
    """Return where the weight gradient's kernels begin, None where that is not clear."""
    start = next((place for place, kernel in enumerate(kernels) if _WEIGHT.search(kernel.name)), None)
    if start is None or any(_DATA.search(kernel.name) for kernel in kernels[start:]):
        return None
    if _SUMS_PRODUCT in kernels[start].name:
        start -= 1
    while start > 0 and _prepares(kernels[start - 1]):
        start -= 1
    return start if start > 0 and not all(map(_prepares, kernels[:start])) else None


def _prepares(kernel: Kernel) -> bool:
    return kernel.activity is Activity.FILL or bool(_PREPARES.search(kernel.name))
