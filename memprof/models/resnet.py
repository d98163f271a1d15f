"""ResNet (arXiv 1512.03385), in the form everybody runs: the stride sits on the 3x3 convolution ("v1.5").

Parameter names are torchvision's and timm's, so that their checkpoints load.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

SpatialConv = Callable[[int, int, int], nn.Module]
"""Makes the convolution that sees neighbours: from so many channels to so many, at a stride."""


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    """Return a 3x3 convolution without bias that keeps the size of its input at stride 1."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


class DeepStem(nn.Sequential):
    """Three 3x3 convolutions in place of the 7x7 (ResNet-C, arXiv 1812.01187), the first at stride 2.

    mmsegmentation's ResNetV1c, which its networks stand on.
    """

    def __init__(self) -> None:
        super().__init__(*_stem_step(3, 32, 2), *_stem_step(32, 32, 1), nn.Conv2d(32, 64, 3, padding=1, bias=False))


def _stem_step(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    return conv3x3(inputs, outputs, stride), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """Return the 1x1 convolution that fits a shortcut to its block, or None where it fits as it is."""
    if inputs == outputs and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut: ResNet-18 and 34."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, spatial: SpatialConv = conv3x3) -> None:
        super().__init__()
        self.conv1 = spatial(inputs, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = spatial(width, width, 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, width, H / stride, W / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)  # type: ignore[no-any-return]


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution around a shortcut, four times wider outside: ResNet-50, 101 and 152."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, spatial: SpatialConv = conv3x3) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = spatial(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, 4 * width, H / stride, W / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)  # type: ignore[no-any-return]


class ResNet(nn.Module):
    """A 7x7 stem and four stages of blocks, each at half the size and twice the width of the one before."""

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        depths: tuple[int, int, int, int],
        spatial: SpatialConv = conv3x3,
        *,
        stem: str = "plain",
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.conv1 = DeepStem() if stem == "deep" else nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1, self.layer2, self.layer3, self.layer4 = _stages(block, depths, spatial)
        self.widths = [(64 << stage) * block.expansion for stage in range(4)]
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512 * block.expansion, classes)
        _start_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images (N, 3, H, W) into scores (N, classes)."""
        return self.fc(self.avgpool(self.features(x)[-1]).flatten(1))  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the feature map of each stage for images (N, 3, H, W), at strides 4, 8, 16 and 32."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        maps = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            maps.append(x)
        return maps


def _stages(block: type[BasicBlock | Bottleneck], depths: tuple[int, ...], spatial: SpatialConv) -> list[nn.Sequential]:
    inputs, stages = 64, []
    for stage, depth in enumerate(depths):
        blocks = []
        for index in range(depth):
            blocks.append(block(inputs, 64 << stage, 2 if stage and not index else 1, spatial))
            inputs = (64 << stage) * block.expansion
        stages.append(nn.Sequential(*blocks))
    return stages


def _start_convolutions(model: nn.Module) -> None:
    """Fill the convolutions as the paper's section 3.4 says (arXiv 1502.01852); meta tensors hold nothing to fill."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def resnet18(stem: str = "plain") -> ResNet:
    """ResNet-18: 11.69 M parameters, 1.81 G multiply-adds per 224-pixel image (torchvision)."""
    return ResNet(BasicBlock, (2, 2, 2, 2), stem=stem)


def resnet34(stem: str = "plain") -> ResNet:
    """ResNet-34: 21.80 M parameters, 3.66 G multiply-adds (torchvision)."""
    return ResNet(BasicBlock, (3, 4, 6, 3), stem=stem)


def resnet50(stem: str = "plain") -> ResNet:
    """ResNet-50: 25.56 M parameters, 4.09 G multiply-adds (torchvision; 4.11 G where norms are counted, as in timm)."""
    return ResNet(Bottleneck, (3, 4, 6, 3), stem=stem)


def resnet101(stem: str = "plain") -> ResNet:
    """ResNet-101: 44.55 M parameters, 7.80 G multiply-adds (torchvision)."""
    return ResNet(Bottleneck, (3, 4, 23, 3), stem=stem)


def resnet152(stem: str = "plain") -> ResNet:
    """ResNet-152: 60.19 M parameters, 11.51 G multiply-adds (torchvision)."""
    return ResNet(Bottleneck, (3, 8, 36, 3), stem=stem)
