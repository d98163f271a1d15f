"""Semantic segmentation on a backbone's four feature maps: Semantic FPN and UPerNet, as mmsegmentation builds them.

Sources: "Panoptic Feature Pyramid Networks" (arXiv 1901.02446), "Unified Perceptual Parsing for Scene Understanding"
(arXiv 1807.10221), and mmsegmentation's FPN, FPNHead, UPerHead and FCNHead with the widths of its `fpn_r50` and
`upernet_r50`: 256 channels in the pyramid and 128 in its head, 512 in UPerNet's, 150 classes of ADE20K. A convolution
of a head is followed by batch norm and ReLU; those of the Semantic FPN's pyramid by nothing. Dropout acts in training
only, and the result is resized to the image, as `EncoderDecoder` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

import torch
from torch import Tensor, nn
from torch.nn import functional

from memprof.models.backbones import STRIDES, Backbone
from memprof.models.own_loss import OwnLoss

CLASSES = 150
"""Of ADE20K's scene parsing benchmark."""
FPN_CHANNELS, FPN_HEAD_CHANNELS = 256, 128
UPER_CHANNELS = 512
POOL_SCALES = (1, 2, 3, 6)
"""Cells a side of UPerNet's pyramid pooling (PSPNet, arXiv 1612.01105)."""
AUXILIARY_CHANNELS, AUXILIARY_STAGE = 256, 2
AUXILIARY_WEIGHT = 0.4
DROPOUT = 0.1


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Return (N, C, H, W) resized bilinearly to the height and width of `like`."""
    return functional.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


def conv_norm_act(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Return a convolution that keeps the size, batch norm and ReLU: mmsegmentation's ConvModule."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Classifier(nn.Module):
    """Dropout of whole channels, and a 1x1 convolution to a score per class."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout2d(DROPOUT)
        self.conv_seg = nn.Conv2d(inputs, CLASSES, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, classes, H, W)."""
        return self.conv_seg(self.dropout(x))  # type: ignore[no-any-return]


class PyramidNeck(nn.Module):
    """FPN (arXiv 1612.03144): all maps at one width, each the sum of its own and of the coarser ones."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.lateral_convs = nn.ModuleList(nn.Conv2d(width, FPN_CHANNELS, 1) for width in widths)
        self.fpn_convs = nn.ModuleList(nn.Conv2d(FPN_CHANNELS, FPN_CHANNELS, 3, padding=1) for _ in widths)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Map four (N, C_i, H_i, W_i), finest first, to four (N, 256, H_i, W_i)."""
        maps = [lateral(feature) for lateral, feature in zip(self.lateral_convs, features, strict=True)]
        for finer in range(len(maps) - 2, -1, -1):
            maps[finer] = maps[finer] + functional.interpolate(maps[finer + 1], size=maps[finer].shape[2:])
        return [conv(x) for conv, x in zip(self.fpn_convs, maps, strict=True)]


class PyramidHead(nn.Module):
    """Semantic FPN's head: each map through 3x3 convolutions, each twice as large, up to the finest; then their sum."""

    def __init__(self, strides: Sequence[int]) -> None:
        super().__init__()
        self.scale_heads = nn.ModuleList(self._scale_head(stride // strides[0]) for stride in strides)
        self.classifier = Classifier(FPN_HEAD_CHANNELS)

    @staticmethod
    def _scale_head(factor: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        for step in range(max(1, int(log2(factor)))):
            layers.append(conv_norm_act(FPN_HEAD_CHANNELS if step else FPN_CHANNELS, FPN_HEAD_CHANNELS, 3))
            if factor > 1:
                layers.append(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
        return nn.Sequential(*layers)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map four (N, 256, H_i, W_i) to scores (N, classes, H_0, W_0)."""
        output: Tensor = self.scale_heads[0](maps[0])
        for head, x in zip(list(self.scale_heads)[1:], maps[1:], strict=True):
            output = output + resize(head(x), output)
        return self.classifier(output)  # type: ignore[no-any-return]


class UPerHead(nn.Module):
    """UPerNet's head: pyramid pooling of the coarsest map, a pyramid of 512 channels, all maps side by side."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        channels, last = UPER_CHANNELS, widths[-1]
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(scale), conv_norm_act(last, channels, 1)) for scale in POOL_SCALES
        )
        self.bottleneck = conv_norm_act(last + len(POOL_SCALES) * channels, channels, 3)
        self.lateral_convs = nn.ModuleList(conv_norm_act(width, channels, 1) for width in widths[:-1])
        self.fpn_convs = nn.ModuleList(conv_norm_act(channels, channels, 3) for _ in widths[:-1])
        self.fpn_bottleneck = conv_norm_act(len(widths) * channels, channels, 3)
        self.classifier = Classifier(channels)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Map four (N, C_i, H_i, W_i), finest first, to scores (N, classes, H_0, W_0)."""
        last = features[-1]
        pooled = [resize(module(last), last) for module in self.psp_modules]
        maps = [lateral(feature) for lateral, feature in zip(self.lateral_convs, features, strict=False)]
        maps.append(self.bottleneck(torch.cat([last, *pooled], dim=1)))
        for finer in range(len(maps) - 2, -1, -1):
            maps[finer] = maps[finer] + resize(maps[finer + 1], maps[finer])
        outputs = [conv(x) for conv, x in zip(self.fpn_convs, maps, strict=False)] + maps[-1:]
        joined = torch.cat([outputs[0], *(resize(x, outputs[0]) for x in outputs[1:])], dim=1)
        return self.classifier(self.fpn_bottleneck(joined))  # type: ignore[no-any-return]


class SegmentationNetwork(OwnLoss):
    """A backbone, a head, and where there is one an auxiliary head, which has no part in inference.

    In inference it returns scores (N, classes, H, W) of the image's size. In training it returns them under "out", and
    the auxiliary head's under "aux".
    """

    loss_words = "the loss is the cross-entropy of every pixel"

    def __init__(self, backbone: Backbone, head: nn.Module, auxiliary: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.decode_head = head
        self.auxiliary_head = auxiliary
        if auxiliary is not None:
            self.loss_words = f"{type(self).loss_words}, and {AUXILIARY_WEIGHT} times the auxiliary head's"

    def forward(self, images: Tensor) -> Tensor | dict[str, Tensor]:
        """Classify every pixel of (N, 3, H, W)."""
        features = self.backbone(images)
        output = resize(self.decode_head(features), images)
        if not self.training:
            return output
        results = {"out": output}
        if self.auxiliary_head is not None:
            results["aux"] = resize(self.auxiliary_head(features[AUXILIARY_STAGE]), images)
        return results

    def target_shape(self, outputs: dict[str, Tensor]) -> tuple[int, ...]:
        """Return (N, H, W)."""
        count, _, height, width = outputs["out"].shape
        return count, height, width

    def loss(self, outputs: dict[str, Tensor], targets: Tensor) -> Tensor:
        """Return the mean cross-entropy of all pixels; the auxiliary head's counts 0.4 of it.

        `targets` (N, H, W) are class indices.
        """
        loss = functional.cross_entropy(outputs["out"], targets)
        if "aux" in outputs:
            loss = loss + AUXILIARY_WEIGHT * functional.cross_entropy(outputs["aux"], targets)
        return loss


def semantic_fpn(backbone: Backbone) -> SegmentationNetwork:
    """Build Semantic FPN: pyramid neck and head on a backbone with maps at strides 4, 8, 16 and 32."""
    return SegmentationNetwork(backbone, nn.Sequential(PyramidNeck(backbone.widths), PyramidHead(STRIDES)))


def upernet(backbone: Backbone) -> SegmentationNetwork:
    """Build UPerNet with its auxiliary FCN head on the third map."""
    auxiliary = nn.Sequential(
        conv_norm_act(backbone.widths[AUXILIARY_STAGE], AUXILIARY_CHANNELS, 3), Classifier(AUXILIARY_CHANNELS)
    )
    return SegmentationNetwork(backbone, UPerHead(backbone.widths), auxiliary)
