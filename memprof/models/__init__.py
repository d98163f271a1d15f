"""The models memprof knows, and how a model is named.

`create_model("inceptionnext_t:band_kernel=7")`, `"upernet:inceptionnext_t"`, `"timm:vit_small_patch16_224"`,
`"torchvision:resnet50"`, `"package.module:callable"`, `"path/to/file.py:callable"`. The last two, and a library's
model, run that code.
Importing this package, listing names and refusing unknown ones import no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.models import external, registry
from memprof.models.describe import describe_models
from memprof.models.spec import ModelSpec, Source, parse

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "DEFAULT_RESOLUTION",
    "ModelSpec",
    "canonical_name",
    "create_model",
    "default_resolution",
    "describe_models",
    "list_models",
]

DEFAULT_RESOLUTION = 224
"""Pixels a side of an image where a model says nothing else: the crop ImageNet models are trained and compared at."""
SEGMENTED_RESOLUTION = 512
"""Pixels a side of the crop that networks are trained on for ADE20K."""


def list_models() -> list[str]:
    """Return the names of the zoo, family by family."""
    return list(registry.ENTRIES)


def canonical_name(spec: str) -> str:
    """Return the one way to write `spec`: the zoo's own name for an alias, options in order and in lowest terms.

    ModelError where the model or an option is unknown, or the library, module or file it needs is not there.
    """
    return str(_resolve(spec))


def default_resolution(spec: str) -> int:
    """Return the pixels a side of the images that the model was made for."""
    model = _resolve(spec)
    if model.source is Source.ZOO:
        return registry.ENTRIES[model.name].resolution
    if model.source is Source.HEAD:
        return SEGMENTED_RESOLUTION
    return external.resolution(model) or DEFAULT_RESOLUTION


def create_model(spec: str) -> nn.Module:
    """Build the network that `spec` names, with random weights, in training mode, for 1000 classes.

    It is made on the default device: inside `with torch.device("meta")` no weight is allocated or filled. A network
    for segmentation has the 150 classes of ADE20K.
    """
    model = _resolve(spec)
    if model.source is Source.HEAD:
        from memprof.models import backbones, segmentation

        head = getattr(segmentation, model.name)
        return head(backbones.create(parse(model.target)))  # type: ignore[no-any-return]
    if model.source is Source.ZOO:
        return registry.ENTRIES[model.name].build(dict(model.options))
    return external.build(model)


def _resolve(text: str) -> ModelSpec:
    spec = parse(text)
    external.require(parse(spec.target) if spec.source is Source.HEAD else spec)
    return spec
