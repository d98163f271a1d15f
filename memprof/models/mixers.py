"""The convolutions under study: what mixes pixels in a ConvNeXt or InceptionNeXt block, one function of the channels.

A token mixer maps (N, C, H, W) to the same shape; a block takes the function that makes one for its channels.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor, nn

from memprof.errors import ModelError
from memprof.models.fast_mixer import BRANCHES as FAST
from memprof.models.fast_mixer import FastMixer, convolutions
from memprof.models.options import BRANCHES

TokenMixer = Callable[[int], nn.Module]
"""Makes the token mixer of a block with so many channels."""


def depthwise(kernel: int = 7, ratio: Fraction = Fraction(1)) -> TokenMixer:
    """Return ConvNeXt's mixer: a depthwise convolution of kernel x kernel, on a share `ratio` of the channels."""
    if ratio == 1:
        return lambda channels: depthwise_conv(channels, kernel, kernel)
    return lambda channels: PartialDepthwiseConv(channels, kernel, ratio)


def depthwise_conv(channels: int, height: int, width: int) -> nn.Conv2d:
    """Return a depthwise convolution of height x width pixels, both odd, that keeps the size of its input."""
    return nn.Conv2d(channels, channels, (height, width), padding=(height // 2, width // 2), groups=channels)


class PartialDepthwiseConv(nn.Module):
    """A depthwise convolution on the last share of the channels; the first ones pass (InceptionNeXt paper, table 1)."""

    def __init__(self, channels: int, kernel: int, ratio: Fraction) -> None:
        super().__init__()
        convolved = int(channels * ratio)
        if not convolved:
            raise ModelError(f"conv_ratio={ratio} leaves no channel of {channels}", f"give at least 1/{channels}")
        self.widths = [channels - convolved, convolved]
        self.conv = depthwise_conv(convolved, kernel, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Mix (N, C, H, W) into the same shape."""
        passed, convolved = torch.split(x, self.widths, dim=1)
        return torch.cat((passed, self.conv(convolved)), dim=1)


class InceptionDepthwiseConv(nn.Module):
    """InceptionNeXt's mixer: channels split into an identity, a square, a horizontal and a vertical branch.

    Each convolution takes `branch_ratio` of the channels, rounded down, and the identity the rest. A branch that is
    not in `branches` is gone and its channels join the identity, as in the paper's ablation (table 8). Without the
    identity there is no rest: the branches share all channels equally and `branch_ratio` has no part in it.
    `arrangement="sequential"` runs both bands on the same channels, one after the other, as Inception v3 does: the
    weights and multiplications are the parallel form's, and one more share of the channels passes untouched.
    `implementation` is one of memprof.models.fast_mixer's, for all four branches in parallel; others have none but the
    reference.
    """

    def __init__(
        self,
        channels: int,
        *,
        band_kernel: int = 11,
        square_kernel: int = 3,
        branch_ratio: Fraction = Fraction(1, 8),
        branches: tuple[str, ...] = BRANCHES,
        arrangement: str = "parallel",
        implementation: str = "reference",
    ) -> None:
        super().__init__()
        self.fast = FastMixer(implementation)
        self.paths = _paths(branches, arrangement)
        convolutions = sum(1 for path in self.paths if path)
        self.widths = _widths(channels, convolutions, branch_ratio, identity="identity" in branches)
        kernels = {
            "dwconv_hw": (square_kernel, square_kernel),
            "dwconv_w": (1, band_kernel),
            "dwconv_h": (band_kernel, 1),
        }
        for path, width in zip(self.paths, self.widths, strict=True):
            for name in path:
                self.add_module(name, depthwise_conv(width, *kernels[name]))

    def forward(self, x: Tensor) -> Tensor:
        """Mix (N, C, H, W) into the same shape."""
        if self.paths == _ALL and (mixed := self.fast.mix(x, convolutions(self))) is not None:
            return mixed
        if len(self.paths) == 1:
            return self._run(self.paths[0], x)
        parts = torch.split(x, self.widths, dim=1)
        return torch.cat([self._run(path, part) for path, part in zip(self.paths, parts, strict=True)], dim=1)

    def _run(self, path: tuple[str, ...], x: Tensor) -> Tensor:
        for name in path:
            x = self.get_submodule(name)(x)
        return x


_ALL = [(), *((name,) for name in FAST)]
"""The groups of channels that every implementation knows: an identity, then each convolution on its own."""


def _paths(branches: tuple[str, ...], arrangement: str) -> list[tuple[str, ...]]:
    """Return, for each group of channels in order, the convolutions that run on it, one after the other."""
    convs = {"identity": (), "square": ("dwconv_hw",), "horizontal": ("dwconv_w",), "vertical": ("dwconv_h",)}
    if arrangement == "sequential":
        convs = {"identity": (), "square": ("dwconv_hw",), "vertical": ("dwconv_w", "dwconv_h")}
    return [path for branch, path in convs.items() if branch in branches]


def _widths(channels: int, convolutions: int, ratio: Fraction, *, identity: bool) -> list[int]:
    """Return the channels of each group, the identity's first where there is one."""
    if not identity:
        share, rest = divmod(channels, convolutions)
        return [share + (index < rest) for index in range(convolutions)]
    if not convolutions:
        return [channels]
    width = int(channels * ratio)
    if not width:
        raise ModelError(f"branch_ratio={ratio} leaves no channel of {channels}", f"give at least 1/{channels}")
    if width * convolutions >= channels:
        raise ModelError(
            f"branch_ratio={ratio} leaves no channel of {channels} to the identity beside {convolutions} convolutions",
            f"give less than 1/{convolutions}, or leave identity out of branches",
        )
    return [channels - width * convolutions, *[width] * convolutions]
