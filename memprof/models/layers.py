"""Layers that several families share, and how their weights start."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LAYER_NORM_EPS = 1e-6
"""Added to the variance by every layer norm of ConvNeXt and InceptionNeXt (their published code); torch's is 1e-5."""

INIT_STD = 0.02
"""Standard deviation of a new weight of ConvNeXt and InceptionNeXt, a normal distribution cut at +-2 (their code)."""


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of (N, C, H, W), by the fused kernel, which wants the channels last in shape.

    timm's form. On a channels-first tensor the permuted view makes the kernel copy its input first.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=LAYER_NORM_EPS)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, H, W); the result has the same shape, with channels-last strides."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ArithmeticLayerNorm2d(LayerNorm2d):
    """The same, in plain arithmetic, one kernel a step: the official ConvNeXt's form, and the InceptionNeXt paper's."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, H, W); shape and strides stay."""
        mean = input.mean(1, keepdim=True)
        variance = (input - mean).pow(2).mean(1, keepdim=True)
        normal = (input - mean) / torch.sqrt(variance + self.eps)
        return self.weight[:, None, None] * normal + self.bias[:, None, None]


def layer_scale(channels: int, start: float = 1e-6) -> nn.Parameter:
    """Return the factor per channel that multiplies a block's branch (arXiv 2103.17239), as it starts."""
    return nn.Parameter(torch.full((channels,), start))


def start_weights(model: nn.Module) -> None:
    """Fill convolutions and linear layers: truncated normal weights, zero biases. Meta tensors hold nothing to fill."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and not module.weight.is_meta:
            nn.init.trunc_normal_(module.weight, std=INIT_STD)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
