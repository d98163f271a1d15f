"""The operators of memprof.models.lone as modules, between a layer that makes their input and a loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from memprof.models.lone import CHANNELS, GROUPS, HEADS, KERNEL, Setting, band, dilation, small_branch
from memprof.models.mixers import InceptionDepthwiseConv, depthwise_conv


class Alone(nn.Module):
    """An operator under study, `operator`; the layer `before` makes its input one that a gradient is asked for."""

    def __init__(self, operator: nn.Module) -> None:
        super().__init__()
        self.before = Shift()
        self.operator = operator

    def forward(self, x: Tensor, *others: Any, **named: Any) -> Any:
        """Run the operator."""
        return self.operator(self.before(x), *others, **named)


class Shift(nn.Module):
    """Adds a number; what is no floating-point tensor passes."""

    def __init__(self) -> None:
        super().__init__()
        self.by = nn.Parameter(torch.zeros(()))

    def forward(self, x: Any) -> Any:
        """Return x plus a number."""
        return x + self.by if isinstance(x, Tensor) and x.is_floating_point() else x


class SelfAttention(nn.Module):
    """Scaled dot-product attention of queries, keys and values in one tensor; projections are left out."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, tokens, 3 * channels) to (N, heads, tokens, channels / heads)."""
        images, tokens, width = x.shape
        split = x.view(images, tokens, 3, self.heads, width // (3 * self.heads))
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        return functional.scaled_dot_product_attention(query, key, value)


class Summed(nn.Module):
    """Convolutions of one input side by side, added: branches that are merged into one after training."""

    def __init__(self, *convs: nn.Module) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of all branches."""
        first, *others = (conv(x) for conv in self.convs)
        for other in others:
            first = first + other
        return first  # type: ignore[no-any-return]


def build(setting: Setting) -> nn.Module:
    """Return the operator of a setting, on the device that is the default."""
    channels = setting.value(CHANNELS)
    if setting.variant:
        return _decomposed(setting.variant, channels, setting.value(KERNEL))
    if setting.operator == "depthwise":
        return depthwise_conv(channels, setting.value(KERNEL), setting.value(KERNEL))
    if setting.operator == "inception":
        return InceptionDepthwiseConv(channels, band_kernel=setting.value(KERNEL))
    if setting.operator in ("dense", "grouped", "pointwise"):
        kernel = 1 if setting.operator == "pointwise" else setting.value(KERNEL)
        groups = setting.value(GROUPS) if setting.operator == "grouped" else 1
        return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=groups)
    if setting.operator == "attention":
        return SelfAttention(setting.value(HEADS))
    if setting.operator == "gelu":
        return nn.GELU()
    return nn.LayerNorm(channels) if setting.operator == "layernorm" else nn.BatchNorm2d(channels)


def _decomposed(variant: str, channels: int, kernel: int) -> nn.Module:
    whole = depthwise_conv(channels, kernel, kernel)
    if variant == "whole":
        return whole
    if variant == "separable":
        return nn.Sequential(depthwise_conv(channels, 1, kernel), depthwise_conv(channels, kernel, 1))
    if variant in ("inception", "fused"):
        how = "auto" if variant == "fused" else "reference"
        return InceptionDepthwiseConv(channels, band_kernel=band(kernel), implementation=how)
    if variant == "dilated":
        apart = dilation(kernel)
        spread = nn.Conv2d(channels, channels, 3, padding=apart, dilation=apart, groups=channels)
        return nn.Sequential(depthwise_conv(channels, 3, 3), spread)
    small = small_branch(kernel)
    return Summed(whole, depthwise_conv(channels, small, small))


def loss(output: Any) -> Tensor:
    """Return the sum of the squares of everything: its gradient lies in memory as the output does."""
    if isinstance(output, Tensor):
        return (output * output).sum()
    values = output.values() if isinstance(output, dict) else output
    floating = [item for item in values if isinstance(item, (tuple, list, dict)) or item.is_floating_point()]
    return torch.stack([loss(item) for item in floating]).sum()
