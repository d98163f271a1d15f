"""ConvNeXt (arXiv 2201.03545), staged and isotropic, with the depthwise convolution of its blocks as an argument.

Parameter names are those of the official checkpoints (facebookresearch/ConvNeXt), for `mlp="conv"` too. Stochastic
depth is left out: it acts in long training runs only, and published throughputs were measured without it.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import TypedDict, Unpack

from torch import Tensor, nn

from memprof.models.layers import LAYER_NORM_EPS, ArithmeticLayerNorm2d, LayerNorm2d, layer_scale, start_weights
from memprof.models.mixers import TokenMixer, depthwise

NORMS: dict[str, type[LayerNorm2d]] = {"fused": LayerNorm2d, "arithmetic": ArithmeticLayerNorm2d}


class ConvNeXtOptions(TypedDict, total=False):
    """What a variant lets one change.

    kernel: pixels a side of the depthwise convolution. conv_ratio: the share of channels it runs on. mlp: "linear"
    layers on permuted tensors, or 1x1 "conv"olutions. norm: the "fused" or the "arithmetic" layer norm of stem and
    downsampling, and of the blocks where mlp is "conv".
    """

    kernel: int
    conv_ratio: Fraction
    mlp: str
    norm: str


class ConvNeXtBlock(nn.Module):
    """A token mixer, a norm and two pointwise layers, four times wider inside, around a shortcut."""

    def __init__(
        self,
        channels: int,
        token_mixer: TokenMixer,
        *,
        mlp: str = "linear",
        norm: type[LayerNorm2d] = LayerNorm2d,
        scaled: bool = True,
    ) -> None:
        super().__init__()
        self.permuted = mlp == "linear"
        self.dwconv = token_mixer(channels)
        self.norm = nn.LayerNorm(channels, eps=LAYER_NORM_EPS) if self.permuted else norm(channels)
        self.pwconv1 = _pointwise(channels, 4 * channels, mlp)
        self.act = nn.GELU()
        self.pwconv2 = _pointwise(4 * channels, channels, mlp)
        self.gamma = layer_scale(channels) if scaled else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape. The shortcut comes first in the sum, so that its strides win."""
        y = self.dwconv(x)
        if self.permuted:
            y = y.permute(0, 2, 3, 1)
        y = self.pwconv2(self.act(self.pwconv1(self.norm(y))))
        if self.gamma is not None:
            y = (self.gamma if self.permuted else self.gamma.reshape(-1, 1, 1)) * y
        return x + (y.permute(0, 3, 1, 2) if self.permuted else y)  # type: ignore[no-any-return]


def _pointwise(inputs: int, outputs: int, mlp: str) -> nn.Module:
    return nn.Linear(inputs, outputs) if mlp == "linear" else nn.Conv2d(inputs, outputs, 1)


class ConvNeXt(nn.Module):
    """Four stages of blocks, each at half the size and twice the width of the one before."""

    def __init__(
        self,
        depths: tuple[int, int, int, int],
        width: int,
        token_mixer: TokenMixer,
        *,
        mlp: str = "linear",
        norm: type[LayerNorm2d] = LayerNorm2d,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.widths = widths = [width << stage for stage in range(4)]
        downsample: list[nn.Module] = [nn.Sequential(nn.Conv2d(3, width, 4, stride=4), norm(width))]
        for inputs, outputs in pairwise(widths):
            downsample.append(nn.Sequential(norm(inputs), nn.Conv2d(inputs, outputs, 2, stride=2)))
        self.downsample_layers = nn.ModuleList(downsample)
        self.stages = nn.ModuleList(
            nn.Sequential(*(ConvNeXtBlock(channels, token_mixer, mlp=mlp, norm=norm) for _ in range(depth)))
            for depth, channels in zip(depths, widths, strict=True)
        )
        self.norm = nn.LayerNorm(widths[-1], eps=LAYER_NORM_EPS)
        self.head = nn.Linear(widths[-1], classes)
        start_weights(self)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images (N, 3, H, W) into scores (N, classes)."""
        return self.head(self.norm(self.features(x)[-1].mean((-2, -1))))  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the feature map of each stage for images (N, 3, H, W), at strides 4, 8, 16 and 32."""
        maps = []
        for downsample, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(downsample(x))
            maps.append(x)
        return maps


class IsotropicConvNeXt(nn.Module):
    """Blocks of one width on 16-pixel patches, like a vision transformer's; no layer scale (section 3.3)."""

    def __init__(
        self,
        depth: int,
        width: int,
        token_mixer: TokenMixer,
        *,
        mlp: str = "linear",
        norm: type[LayerNorm2d] = LayerNorm2d,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        block = partial(ConvNeXtBlock, width, token_mixer, mlp=mlp, norm=norm, scaled=False)
        self.stem = nn.Conv2d(3, width, 16, stride=16)
        self.blocks = nn.Sequential(*(block() for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(width, classes)
        start_weights(self)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images (N, 3, H, W) into scores (N, classes)."""
        return self.head(self.norm(self.blocks(self.stem(x)).mean((-2, -1))))  # type: ignore[no-any-return]


def _mixer(options: ConvNeXtOptions) -> TokenMixer:
    return depthwise(options.get("kernel", 7), options.get("conv_ratio", Fraction(1)))


def _norm(options: ConvNeXtOptions) -> type[LayerNorm2d]:
    return NORMS[options.get("norm", "fused")]


def _staged(depths: tuple[int, int, int, int], width: int, options: ConvNeXtOptions) -> ConvNeXt:
    return ConvNeXt(depths, width, _mixer(options), mlp=options.get("mlp", "linear"), norm=_norm(options))


def convnext_atto(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-Atto, timm's, with 1x1 convolutions: 3.70 M parameters, 0.55 G multiply-adds per 224-pixel image."""
    return _staged((2, 2, 6, 2), 40, ConvNeXtOptions(mlp="conv") | options)


def convnext_femto(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-Femto, timm's, with 1x1 convolutions: 5.22 M parameters, 0.79 G multiply-adds."""
    return _staged((2, 2, 6, 2), 48, ConvNeXtOptions(mlp="conv") | options)


def convnext_pico(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-Pico, timm's, with 1x1 convolutions: 9.05 M parameters, 1.37 G multiply-adds."""
    return _staged((2, 2, 6, 2), 64, ConvNeXtOptions(mlp="conv") | options)


def convnext_nano(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-Nano, timm's, with 1x1 convolutions: 15.59 M parameters, 2.46 G multiply-adds."""
    return _staged((2, 2, 8, 2), 80, ConvNeXtOptions(mlp="conv") | options)


def convnext_t(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T: 28.59 M parameters, 4.46 G multiply-adds."""
    return _staged((3, 3, 9, 3), 96, options)


def convnext_s(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-S: 50.22 M parameters, 8.69 G multiply-adds."""
    return _staged((3, 3, 27, 3), 96, options)


def convnext_b(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-B: 88.59 M parameters, 15.36 G multiply-adds."""
    return _staged((3, 3, 27, 3), 128, options)


def convnext_l(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-L: 197.77 M parameters, 34.4 G multiply-adds."""
    return _staged((3, 3, 27, 3), 192, options)


def convnext_xl(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-XL: 350.20 M parameters, 60.9 G multiply-adds."""
    return _staged((3, 3, 27, 3), 256, options)


def convnext_iso_s(**options: Unpack[ConvNeXtOptions]) -> IsotropicConvNeXt:
    """Isotropic ConvNeXt-S: 22 M parameters, 4.3 G multiply-adds."""
    return IsotropicConvNeXt(18, 384, _mixer(options), mlp=options.get("mlp", "linear"), norm=_norm(options))


def convnext_t_k5(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 5x5 depthwise convolution (InceptionNeXt paper, table 1, like all that follow)."""
    return convnext_t(**(ConvNeXtOptions(kernel=5) | options))


def convnext_t_k3(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 3x3 depthwise convolution."""
    return convnext_t(**(ConvNeXtOptions(kernel=3) | options))


def convnext_t_k3_par1_2(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 3x3 depthwise convolution on half of the channels."""
    return convnext_t(**(ConvNeXtOptions(kernel=3, conv_ratio=Fraction(1, 2)) | options))


def convnext_t_k3_par3_8(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 3x3 depthwise convolution on 3/8 of the channels."""
    return convnext_t(**(ConvNeXtOptions(kernel=3, conv_ratio=Fraction(3, 8)) | options))


def convnext_t_k3_par1_4(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 3x3 depthwise convolution on 1/4 of the channels."""
    return convnext_t(**(ConvNeXtOptions(kernel=3, conv_ratio=Fraction(1, 4)) | options))


def convnext_t_k3_par1_8(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 3x3 depthwise convolution on 1/8 of the channels."""
    return convnext_t(**(ConvNeXtOptions(kernel=3, conv_ratio=Fraction(1, 8)) | options))


def convnext_t_k3_par1_16(**options: Unpack[ConvNeXtOptions]) -> ConvNeXt:
    """ConvNeXt-T with a 3x3 depthwise convolution on 1/16 of the channels."""
    return convnext_t(**(ConvNeXtOptions(kernel=3, conv_ratio=Fraction(1, 16)) | options))
