"""Holds the Triton kernels against PyTorch in float64, in Triton's interpreter: run with TRITON_INTERPRET=1.

Prints the largest error of output and gradients, relative to the largest value, for each case.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from memprof.models.mixer_operator import inception_mixer

CASES = (
    ("float32", (2, 11, 5, 7), 2, 3, 11, "contiguous"),
    ("float32", (1, 40, 6, 9), 11, 5, 5, "channels-last"),
    ("float16", (2, 7, 9, 3), 2, 3, 7, "every second column"),
)


def reference(x: Tensor, weights: list[Tensor], biases: list[Tensor]) -> Tensor:
    """Split, convolve, concatenate."""
    part = weights[0].shape[0]
    passed, *parts = x.split([x.shape[1] - 3 * part, part, part, part], 1)
    mixed = [
        functional.conv2d(piece, weight, bias, padding=[size // 2 for size in weight.shape[2:]], groups=part)
        for piece, weight, bias in zip(parts, weights, biases, strict=True)
    ]
    return torch.cat((passed, *mixed), 1)


def worst(dtype: str, shape: tuple[int, ...], part: int, side: int, band: int, layout: str) -> float:
    """Return the largest relative error of one case."""
    kind = getattr(torch, dtype)
    x = torch.randn(shape, dtype=kind)
    if layout == "channels-last":
        x = x.contiguous(memory_format=torch.channels_last)
    elif layout != "contiguous":
        x = torch.randn(*shape[:3], 2 * shape[3], dtype=kind)[..., ::2]
    weights = [torch.randn(part, 1, *window, dtype=kind) for window in ((side, side), (1, band), (band, 1))]
    biases = [torch.randn(part, dtype=kind) for _ in weights]
    inputs = [x, *weights, *biases]
    exact = [item.double().requires_grad_() for item in inputs]
    ours = [item.detach().requires_grad_() for item in inputs]
    grad = torch.randn(shape, dtype=kind)
    expected, got = reference(exact[0], exact[1:4], exact[4:]), inception_mixer(ours[0], ours[1:4], ours[4:])
    pairs = zip(
        (expected, *torch.autograd.grad(expected, exact, grad.double())),
        (got, *torch.autograd.grad(got, ours, grad)),
        strict=True,
    )
    return max(float((b.double() - a).abs().max() / a.abs().max()) for a, b in pairs)


if __name__ == "__main__":
    torch.manual_seed(0)
    for case in CASES:
        print(case[0], worst(*case))
