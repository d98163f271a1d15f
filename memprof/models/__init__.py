"""The models memprof knows, and how a model is named.

`create_model("inceptionnext_t:band_kernel=7")`, `"upernet:inceptionnext_t"`, `"timm:vit_small_patch16_224"`,
`"torchvision:resnet50"`, `"package.module:callable"`, `"path/to/file.py:callable:width=32"`. The last two, and a
library's model, run that code.
Importing this package, listing names and refusing unknown ones import no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.models import registry
from memprof.models.describe import describe_models
from memprof.models.named import DEFAULT_RESOLUTION, Examples, NamedModel
from memprof.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "DEFAULT_RESOLUTION",
    "Examples",
    "ModelSpec",
    "NamedModel",
    "accelerate",
    "canonical_name",
    "create_model",
    "default_resolution",
    "describe_models",
    "list_models",
]


def list_models() -> list[str]:
    """Return the names of the zoo, family by family."""
    return list(registry.ENTRIES)


def canonical_name(spec: str) -> str:
    """Return the one way to write `spec`: the zoo's own name for an alias, options in order and in lowest terms.

    ModelError where the model or an option is unknown, or the library, module or file it needs is not there.
    """
    return NamedModel(spec).name


def default_resolution(spec: str) -> int:
    """Return the pixels a side of the images that the model was made for."""
    return NamedModel(spec).resolution


def create_model(spec: str) -> nn.Module:
    """Build the network that `spec` names, with random weights, in training mode, for 1000 classes.

    It is made on the default device: inside `with torch.device("meta")` no weight is allocated or filled. A network
    for segmentation has the 150 classes of ADE20K.
    """
    return NamedModel(spec).build()


def accelerate(model: nn.Module, implementation: str = "auto") -> nn.Module:
    """Give every InceptionNeXt token mixer in `model` a faster implementation; see memprof.models.fast_mixer."""
    from memprof.models import fast_mixer

    return fast_mixer.accelerate(model, implementation)
