"""The kernels of the suite: operators in sizes that tell the terms of the time model apart. Imports no torch.

Streaming tells DRAM's bandwidth, in 16 bits the rate of instructions; products of cubes the matrix peak, narrow and odd
ones tiles, waves and alignment; convolutions what cuDNN converts and which algorithms it takes; depthwise ones loads
and instructions per tap; norms rows, statistics and waits; attention its tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from memprof.vocabulary import CHANNELS_FIRST, CHANNELS_LAST, CPU

FORWARD, BACKWARD = "forward", "backward"
DATA_GRADIENT, WEIGHT_GRADIENT = "data gradient", "weight gradient"
PASSES = (FORWARD, BACKWARD, DATA_GRADIENT, WEIGHT_GRADIENT)
DTYPES = ("fp32", "tf32", "fp16", "bf16")
"""Precision policies; "fp32" of a GPU is without TF32."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """An operator on a tensor of `shape`, in one pass; 0 is what an operator does not have.

    `outputs` are features of a linear layer or channels of a convolution, `kernel` its pixels a side. `backward` are
    all gradients at once.
    """

    operator: str
    dtype: str
    pass_name: str
    shape: tuple[int, ...]
    outputs: int = 0
    kernel: int = 0
    stride: int = 0
    groups: int = 0
    layout: str = CHANNELS_FIRST


OPERATORS = (
    "add",
    "gelu",
    "transpose",
    "softmax",
    "layer_norm",
    "batch_norm",
    "max_pool",
    "linear",
    "conv",
    "attention",
)
"""What a kernel may be; a transpose goes from channels-first to channels-last."""
LAYER = "layer"
"""What the operator is called within its module."""
LAID_OUT = ("conv", "batch_norm", "max_pool")
"""Those whose tensors may be channels-last."""


def kernels(device: str, dtypes: tuple[str, ...]) -> tuple[Kernel, ...]:
    """Return the suite for a device, "cpu" or "cuda", in those of `dtypes` it can compute in; kinds take turns."""
    groups = [list(group) for group in (_products(), _convolutions(), _depthwise(), _norms(), _streams(), _attention())]
    mixed = [kernel for turn in range(max(map(len, groups))) for group in groups for kernel in group[turn : turn + 1]]
    found = [kernel for kernel in mixed if kernel.dtype in dtypes]
    return tuple(_for_cpu(found)) if device == CPU else tuple(found)


def _products() -> Iterator[Kernel]:
    """Yield cubes, ConvNeXt's two products in the first and the last stage, and odd sizes."""
    sizes = ((4096, 4096, 4096), (401408, 96, 384), (401408, 384, 96), (6272, 768, 3072), (2048, 2048, 2048))
    for rows, inputs, outputs in (*sizes, (4096, 4095, 4095), (8192, 8192, 8192)):
        for dtype in ("fp32", "tf32", "bf16") if rows != 8192 else ("tf32", "bf16"):
            yield Kernel("linear", dtype, FORWARD, (rows, inputs), outputs)


def _convolutions() -> Iterator[Kernel]:
    """Yield ResNet-50's kinds of convolutions, each pass, in both layouts."""
    shapes = (
        ((64, 64, 56, 56), 64, 3, 1),
        ((64, 64, 56, 56), 256, 1, 1),
        ((64, 256, 14, 14), 256, 3, 1),
        ((64, 512, 28, 28), 1024, 1, 2),
        ((64, 256, 28, 28), 256, 3, 2),
        ((64, 3, 224, 224), 64, 7, 2),
    )
    for layout in (CHANNELS_FIRST, CHANNELS_LAST):
        for dtype in ("tf32", "fp16", "fp32"):
            for shape, outputs, kernel, stride in shapes:
                for name in (FORWARD, DATA_GRADIENT, WEIGHT_GRADIENT):
                    if not (name == DATA_GRADIENT and shape[1] == 3):
                        yield Kernel("conv", dtype, name, shape, outputs, kernel, stride, 1, layout)


def _depthwise() -> Iterator[Kernel]:
    for layout in (CHANNELS_FIRST, CHANNELS_LAST):
        for dtype in ("fp32", "fp16"):
            for name in (FORWARD, WEIGHT_GRADIENT, DATA_GRADIENT):
                for shape, kernel in (
                    ((64, 96, 56, 56), 7),
                    ((64, 96, 56, 56), 3),
                    ((64, 384, 14, 14), 7),
                    ((64, 96, 56, 56), 11),
                    ((64, 96, 56, 56), 31),
                ):
                    if kernel <= 11 or (layout == CHANNELS_FIRST and name == FORWARD):
                        yield Kernel("conv", dtype, name, shape, shape[1], kernel, 1, shape[1], layout)


def _norms() -> Iterator[Kernel]:
    for dtype in ("fp32", "fp16"):
        for name in (FORWARD, BACKWARD):
            yield Kernel("layer_norm", dtype, name, (401408, 96))
            yield Kernel("layer_norm", dtype, name, (50176, 768))
            for layout in (CHANNELS_FIRST, CHANNELS_LAST):
                yield Kernel("batch_norm", dtype, name, (64, 64, 112, 112), layout=layout)
                yield Kernel("batch_norm", dtype, name, (64, 1024, 14, 14), layout=layout)
            yield Kernel("softmax", dtype, name, (50176, 196))
            yield Kernel("softmax", dtype, name, (8192, 4096))


def _streams() -> Iterator[Kernel]:
    for dtype in ("fp32", "fp16"):
        yield Kernel("add", dtype, FORWARD, (64, 96, 112, 112))
        yield Kernel("gelu", dtype, FORWARD, (64, 96, 112, 112))
        yield Kernel("gelu", dtype, BACKWARD, (64, 96, 112, 112))
        yield Kernel("transpose", dtype, FORWARD, (64, 96, 112, 112))
        for name in (FORWARD, BACKWARD):
            yield Kernel("max_pool", dtype, name, (64, 64, 112, 112))


def _attention() -> Iterator[Kernel]:
    for dtype in ("fp16", "bf16", "fp32"):
        for name in (FORWARD, BACKWARD):
            yield Kernel("attention", dtype, name, (64, 12, 196, 64))
            yield Kernel("attention", dtype, name, (8, 16, 1024, 64))


def _for_cpu(found: list[Kernel]) -> Iterator[Kernel]:
    """Yield the kernels of a processor: smaller by what it is slower, with no 16-bit arithmetic."""
    seen: set[Kernel] = set()
    for kernel in found:
        if kernel.dtype != "fp32":
            continue
        batch = max(1, kernel.shape[0] // (64 if kernel.operator == "linear" else 16))
        smaller = replace(kernel, shape=(batch, *kernel.shape[1:]))
        if smaller not in seen:
            seen.add(smaller)
            yield smaller
