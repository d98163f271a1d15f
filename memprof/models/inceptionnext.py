"""InceptionNeXt (arXiv 2303.16900), staged and isotropic, with the token mixer of its blocks as an argument.

Parameter names are those of the official checkpoints (sail-sg/inceptionnext), which are timm's too. Stochastic depth
is left out: it acts in long training runs only, and published throughputs were measured without it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import TypedDict, Unpack

from torch import Tensor, nn

from memprof.models.heads import MlpHead
from memprof.models.layers import LAYER_NORM_EPS, LayerNorm2d, layer_scale, start_weights
from memprof.models.mixers import InceptionDepthwiseConv, TokenMixer

Norm = Callable[[int], nn.Module]
"""Makes the norm of a tensor (N, C, H, W) with so many channels."""

NORMS: dict[str, Norm] = {"batch": nn.BatchNorm2d, "layer": LayerNorm2d}

MLP_RATIOS = (4, 4, 4, 3)
"""Width inside a block over the width outside, per stage; what the last stage saves goes into the head (table 3)."""


class MixerOptions(TypedDict, total=False):
    """What can be changed about the token mixer; InceptionDepthwiseConv says what each means."""

    band_kernel: int
    square_kernel: int
    branch_ratio: Fraction
    branches: tuple[str, ...]
    arrangement: str
    implementation: str


class InceptionNeXtOptions(MixerOptions, total=False):
    """What a variant lets one change; norm: "batch" as published, or "layer", everywhere before the head."""

    norm: str


class ConvMlp(nn.Module):
    """Two 1x1 convolutions, `ratio` times wider inside."""

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, ratio * channels, 1)
        self.act = nn.GELU()
        self.fc2 = nn.Conv2d(ratio * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return self.fc2(self.act(self.fc1(x)))  # type: ignore[no-any-return]


class MetaNeXtBlock(nn.Module):
    """A token mixer, a norm and an MLP around one shortcut: the paper's abstraction of ConvNeXt's block."""

    def __init__(
        self,
        channels: int,
        token_mixer: TokenMixer,
        norm: Norm = nn.BatchNorm2d,
        *,
        mlp_ratio: int = 4,
        scaled: bool = True,
    ) -> None:
        super().__init__()
        self.token_mixer = token_mixer(channels)
        self.norm = norm(channels)
        self.mlp = ConvMlp(channels, mlp_ratio)
        self.gamma = layer_scale(channels) if scaled else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        y = self.mlp(self.norm(self.token_mixer(x)))
        if self.gamma is not None:
            y = y * self.gamma.reshape(1, -1, 1, 1)
        return y + x  # type: ignore[no-any-return]


class MetaNeXtStage(nn.Module):
    """Blocks of one width, after halving the size where the width changes."""

    def __init__(
        self, inputs: int, channels: int, depth: int, token_mixer: TokenMixer, norm: Norm, *, mlp_ratio: int
    ) -> None:
        super().__init__()
        block = partial(MetaNeXtBlock, channels, token_mixer, norm, mlp_ratio=mlp_ratio)
        self.downsample = (
            nn.Identity()
            if inputs == channels
            else nn.Sequential(norm(inputs), nn.Conv2d(inputs, channels, 2, stride=2))
        )
        self.blocks = nn.Sequential(*(block() for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, channels, H, W), or to half of H and W where the width changes."""
        return self.blocks(self.downsample(x))  # type: ignore[no-any-return]


class MetaNeXt(nn.Module):
    """Four stages of blocks, each at half the size and twice the width of the one before, and a two-layer head."""

    def __init__(
        self,
        depths: tuple[int, int, int, int],
        width: int,
        token_mixer: TokenMixer,
        norm: Norm = nn.BatchNorm2d,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.widths = widths = [width << stage for stage in range(4)]
        self.stem = nn.Sequential(nn.Conv2d(3, width, 4, stride=4), norm(width))
        self.stages = nn.Sequential(
            *(
                MetaNeXtStage(inputs, channels, depth, token_mixer, norm, mlp_ratio=ratio)
                for inputs, channels, depth, ratio in zip([width, *widths], widths, depths, MLP_RATIOS, strict=False)
            )
        )
        self.head = MlpHead(widths[-1], classes)
        start_weights(self)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images (N, 3, H, W) into scores (N, classes)."""
        return self.head(self.features(x)[-1])  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the feature map of each stage for images (N, 3, H, W), at strides 4, 8, 16 and 32."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class IsotropicMetaNeXt(nn.Module):
    """Blocks of one width on 16-pixel patches, "following ConvNeXt-S (iso.)" (section 4.1).

    No code of it was published. Stem, pooling, norm, linear head and the missing layer scale are ConvNeXt's; with the
    two-layer head it would have 23 M parameters and not the 22 M of table 5.
    """

    def __init__(
        self, depth: int, width: int, token_mixer: TokenMixer, norm: Norm = nn.BatchNorm2d, classes: int = 1000
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 16, stride=16)
        self.blocks = nn.Sequential(*(MetaNeXtBlock(width, token_mixer, norm, scaled=False) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(width, classes)
        start_weights(self)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images (N, 3, H, W) into scores (N, classes)."""
        return self.head(self.norm(self.blocks(self.stem(x)).mean((2, 3))))  # type: ignore[no-any-return]


def _mixer_and_norm(options: InceptionNeXtOptions) -> tuple[TokenMixer, Norm]:
    mixer: MixerOptions = {key: value for key, value in options.items() if key != "norm"}  # type: ignore[assignment]
    return partial(InceptionDepthwiseConv, **mixer), NORMS[options.get("norm", "batch")]


def inceptionnext_atto(**options: Unpack[InceptionNeXtOptions]) -> MetaNeXt:
    """InceptionNeXt-A, bands of 9, ratio 1/4: 4.16 M parameters, 0.50 G multiply-adds per 224-pixel image."""
    own = InceptionNeXtOptions(band_kernel=9, branch_ratio=Fraction(1, 4))
    return MetaNeXt((2, 2, 6, 2), 40, *_mixer_and_norm(own | options))


def inceptionnext_t(**options: Unpack[InceptionNeXtOptions]) -> MetaNeXt:
    """InceptionNeXt-T: 28.06 M parameters, 4.19 G multiply-adds."""
    return MetaNeXt((3, 3, 9, 3), 96, *_mixer_and_norm(options))


def inceptionnext_s(**options: Unpack[InceptionNeXtOptions]) -> MetaNeXt:
    """InceptionNeXt-S: 49.37 M parameters, 8.36 G multiply-adds."""
    return MetaNeXt((3, 3, 27, 3), 96, *_mixer_and_norm(options))


def inceptionnext_b(**options: Unpack[InceptionNeXtOptions]) -> MetaNeXt:
    """InceptionNeXt-B: 86.67 M parameters, 14.85 G multiply-adds."""
    return MetaNeXt((3, 3, 27, 3), 128, *_mixer_and_norm(options))


def inceptionnext_b_384(**options: Unpack[InceptionNeXtOptions]) -> MetaNeXt:
    """InceptionNeXt-B for images of 384 pixels: 86.67 M parameters, 43.6 G multiply-adds."""
    return inceptionnext_b(**options)


def inceptionnext_iso_s(**options: Unpack[InceptionNeXtOptions]) -> IsotropicMetaNeXt:
    """Isotropic InceptionNeXt-S: 22 M parameters, 4.2 G multiply-adds."""
    return IsotropicMetaNeXt(18, 384, *_mixer_and_norm(options))
