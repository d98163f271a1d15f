"""Classifiers that are more than one layer."""

from __future__ import annotations

from torch import Tensor, nn

from memprof.models.layers import LAYER_NORM_EPS


class MlpHead(nn.Module):
    """InceptionNeXt's classifier: the mean over the pixels, then two layers, three times as wide as the features."""

    def __init__(self, channels: int, classes: int = 1000) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 3 * channels)
        self.act = nn.GELU()
        self.norm = nn.LayerNorm(3 * channels, eps=LAYER_NORM_EPS)
        self.fc2 = nn.Linear(3 * channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Classify features (N, C, H, W) into scores (N, classes)."""
        return self.fc2(self.norm(self.act(self.fc1(x.mean((2, 3))))))  # type: ignore[no-any-return]
