"""The names in the zoo, their aliases, and which options each of them takes.

Imports no torch: a family's module is imported when one of its models is built.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from memprof.errors import ModelError, did_you_mean
from memprof.models.options import (
    BRANCHES,
    Option,
    Value,
    channel_share,
    choice,
    inception_clash,
    no_clash,
    odd_kernel,
    subset,
)

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Family:
    """The models of one module under memprof.models, with the options they share; `title` as people write it."""

    title: str
    module: str
    options: tuple[Option, ...] = ()
    clash: Callable[[Mapping[str, Value]], str] = no_clash


@dataclass(frozen=True, slots=True)
class Entry:
    """One model: the function of this name in its family's module builds it; `resolution` in pixels a side."""

    name: str
    family: Family
    resolution: int = 224

    def option(self, name: str) -> Option:
        """Return the option called `name`; ModelError naming the nearest ones where there is none."""
        options = {option.name: option for option in self.family.options}
        if not options:
            raise ModelError(f"{self.name} takes no options, and {name!r} was given", f"write --model {self.name}")
        if name not in options:
            raise ModelError(f"{self.name} has no option {name!r}", did_you_mean(name, options))
        return options[name]

    def build(self, options: Mapping[str, Value]) -> nn.Module:
        """Build the network, with random weights, on the device that is the default at the moment."""
        module = importlib.import_module(f"memprof.models.{self.family.module}")
        builder = cast("Callable[..., nn.Module]", getattr(module, self.name))
        return builder(**options)


HEADS = {
    "semantic_fpn": "Semantic FPN (arXiv 1901.02446)",
    "upernet": "UPerNet (arXiv 1807.10221)",
}
"""Heads for segmentation, which stand on another network: functions in memprof.models.segmentation."""

RESNET = Family("ResNet", "resnet")
CONVNEXT = Family(
    "ConvNeXt",
    "convnext",
    (
        odd_kernel("kernel", "side of the depthwise convolution", "7"),
        channel_share("conv_ratio", "channels that it runs on, the others pass", "1/8"),
        choice("mlp", "layers on permuted tensors, or 1x1 convolutions", "linear", "conv"),
        choice(
            "norm", "layer norm over channels: one kernel, or the official code's plain steps", "fused", "arithmetic"
        ),
    ),
)
INCEPTIONNEXT = Family(
    "InceptionNeXt",
    "inceptionnext",
    (
        odd_kernel("band_kernel", "length of the horizontal and the vertical convolution", "11"),
        odd_kernel("square_kernel", "side of the square convolution", "3"),
        channel_share("branch_ratio", "channels of each convolution", "1/8"),
        choice("norm", "everywhere before the head", "batch", "layer"),
        subset("branches", "what is left of the token mixer", BRANCHES),
        choice("arrangement", "bands on channels of their own, or one after the other", "parallel", "sequential"),
        choice("implementation", "PyTorch's convolutions, or the fastest for the device", "reference", "auto"),
    ),
    inception_clash,
)

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
CONVNEXTS = (
    *(f"convnext_{size}" for size in ("atto", "femto", "pico", "nano", "t", "s", "b", "l", "xl", "iso_s")),
    *(f"convnext_t_{suffix}" for suffix in ("k5", "k3")),
    *(f"convnext_t_k3_par{ratio}" for ratio in ("1_2", "3_8", "1_4", "1_8", "1_16")),
)
INCEPTIONNEXTS = tuple(f"inceptionnext_{size}" for size in ("atto", "t", "s", "b", "iso_s"))

ENTRIES = {
    entry.name: entry
    for entry in (
        *(Entry(name, RESNET) for name in RESNETS),
        *(Entry(name, CONVNEXT) for name in CONVNEXTS),
        *(Entry(name, INCEPTIONNEXT) for name in INCEPTIONNEXTS),
        Entry("inceptionnext_b_384", INCEPTIONNEXT, resolution=384),
    )
}

SPELLINGS = {"tiny": "t", "small": "s", "base": "b", "large": "l", "xlarge": "xl", "isotropic": "iso"}
"""Words of the published names, for which the zoo has short ones: convnext_tiny_k3_par1_4 is convnext_t_k3_par1_4."""


def short_name(name: str) -> str:
    """Return the zoo's spelling of a published name: case, hyphens, timm's and the official names, long sizes."""
    words = "_".join(SPELLINGS.get(word, word) for word in name.strip().lower().replace("-", "_").split("_"))
    return words.replace("inception_next", "inceptionnext").replace("resnet_", "resnet")


def is_known(name: str) -> bool:
    """Return whether `name` or what it is an alias of is in the zoo."""
    return short_name(name) in ENTRIES


def find(name: str) -> Entry:
    """Return the model called `name`, aliases included; ModelError naming the nearest ones where there is none."""
    entry = ENTRIES.get(short_name(name))
    if entry is None:
        theirs = "; timm's and torchvision's are named timm:NAME and torchvision:NAME"
        raise ModelError(f"unknown model {name!r}", did_you_mean(short_name(name), ENTRIES) + theirs)
    return entry
