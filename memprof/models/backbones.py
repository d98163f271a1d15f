"""Networks that classify images, turned into backbones: their four feature maps, without what classifies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from torch import Tensor, nn

from memprof.errors import ModelError
from memprof.models import external, registry
from memprof.models.layers import LayerNorm2d
from memprof.models.spec import ModelSpec, Source

STRIDES = (4, 8, 16, 32)
"""Pixels of the image per pixel of each map, each way."""

Norm = Callable[[int], nn.Module]
NORMS: dict[registry.Family, Norm] = {registry.CONVNEXT: LayerNorm2d, registry.INCEPTIONNEXT: nn.BatchNorm2d}
"""What a map goes through on its way out of a family's backbone: in ConvNeXt's and Swin's published ones a layer norm.

InceptionNeXt's is not published; batch norm is what the rest of it has. ResNet's maps end in a norm already."""
CLASSIFIERS = ("avgpool", "fc", "norm", "head")
"""What of a network of the zoo only classifies."""


class Backbone(nn.Module):
    """Maps images to four feature maps, finest first; `widths` are their channels.

    `maps` names the method of `network` that returns its maps, of which those at the places `chosen` are taken.
    """

    def __init__(
        self, network: nn.Module, maps: str, chosen: Sequence[int], widths: Sequence[int], norm: Norm | None
    ) -> None:
        super().__init__()
        self.network = network
        self.widths = tuple(widths)
        self._maps = maps
        self._chosen = tuple(chosen)
        self.norms = nn.ModuleList(norm(width) if norm else nn.Identity() for width in widths)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (N, 3, H, W) to four (N, width, H / stride, W / stride)."""
        maps = getattr(self.network, self._maps)(images)
        chosen = (maps[place] for place in self._chosen)
        return [norm(_channels_first(x, width)) for norm, x, width in zip(self.norms, chosen, self.widths, strict=True)]


def create(spec: ModelSpec) -> Backbone:
    """Return the backbone in a network of the zoo or of timm; ModelError where it has no maps at STRIDES.

    A ResNet of the zoo has the deep stem here, as mmsegmentation's have.
    """
    if spec.source is Source.TIMM:
        return _timms(spec)
    entry = registry.ENTRIES[spec.name]
    network = entry.build({"stem": "deep"} if entry.family is registry.RESNET else dict(spec.options))
    if not hasattr(network, "features"):
        raise _no_maps(spec)
    for name in CLASSIFIERS:
        if hasattr(network, name):
            delattr(network, name)
    return Backbone(network, "features", range(4), cast(Sequence[int], network.widths), NORMS.get(entry.family))


def _timms(spec: ModelSpec) -> Backbone:
    network = cast(Any, external.build_feature_maps(spec))
    strides, widths = network.feature_info.reduction(), network.feature_info.channels()
    if not set(STRIDES) <= set(strides):
        raise _no_maps(spec)
    chosen = [strides.index(stride) for stride in STRIDES]
    is_swin = "NHWC" in str(getattr(network, "output_fmt", ""))
    return Backbone(network, "forward", chosen, [widths[place] for place in chosen], LayerNorm2d if is_swin else None)


def _no_maps(spec: ModelSpec) -> ModelError:
    strides = ", ".join(map(str, STRIDES))
    return ModelError(
        f"{spec} has no feature maps at strides {strides} to put a head on", "take a staged network, such as resnet50"
    )


def _channels_first(x: Tensor, width: int) -> Tensor:
    """Return (N, C, H, W) of a map that may be (N, H, W, C), as those of Swin are."""
    return x if x.shape[1] == width else x.permute(0, 3, 1, 2)
