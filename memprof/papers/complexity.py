"""What convolutions of the InceptionNeXt paper hold and do, by formula (its table 2, figure 3) and counted.

Counted are weights without biases, and FLOPs of the convolutions, of a layer of `CHANNELS` channels on one image.
"""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS, SIDE = 96, 56
"""The first stage of the tiny networks."""
KERNELS = (3, 5, 7, 9, 11, 15, 21, 31)


@dataclass(frozen=True, slots=True)
class Complexity:
    """A convolution with kernel k: formulas of k, C, H, W as published, and the figures that both give."""

    convolution: str
    kernel: int
    formula_parameters: float
    counted_parameters: int
    formula_flops: float
    counted_flops: float


def count_all(kernels: tuple[int, ...] = KERNELS) -> tuple[Complexity, ...]:
    """Count the three convolutions for each kernel, simulated as any network is."""
    return tuple(item for kernel in kernels for item in _count(kernel))


def _count(kernel: int) -> list[Complexity]:
    from torch import nn

    from memprof.models.mixers import InceptionDepthwiseConv, depthwise

    k, c, pixels = kernel, CHANNELS, SIDE * SIDE
    cases: tuple[tuple[str, nn.Module, float, float], ...] = (
        ("conventional", nn.Conv2d(c, c, k, padding=k // 2), k * k * c * c, 2 * k * k * c * c * pixels),
        ("depthwise", depthwise(k)(c), k * k * c, 2 * k * k * c * pixels),
        ("Inception", InceptionDepthwiseConv(c, band_kernel=k), (2 * k + 9) * c / 8, (2 * k + 9) * c * pixels / 4),
    )
    return [
        Complexity(name, k, parameters, _weights(module), flops, _flops(module))
        for name, module, parameters, flops in cases
    ]


def _weights(module: object) -> int:
    from torch import nn

    assert isinstance(module, nn.Module)
    return sum(parameter.numel() for name, parameter in module.named_parameters() if not name.endswith("bias"))


def _flops(module: object) -> float:
    from torch import nn

    from memprof.analysis.simulated import analyze
    from memprof.tensors.inputs import spec

    assert isinstance(module, nn.Module)
    report = analyze(module, (spec((1, CHANNELS, SIDE, SIDE)),))
    return 2 * report.totals.macs_per_image
