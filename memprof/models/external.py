"""Models that memprof did not write: timm's, torchvision's, a module's, a file's. Building them runs their code."""

from __future__ import annotations

import importlib
import inspect
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

from memprof.errors import ModelError, did_you_mean, nearest
from memprof.models import registry
from memprof.models.code import imports_of, is_file, is_importable, path_of, target_of
from memprof.models.foreign import advise_builder, foreign_code
from memprof.models.spec import LIBRARIES, ModelSpec, Source

if TYPE_CHECKING:
    from torch import nn


def require(spec: ModelSpec) -> None:
    """Raise ModelError where the library, module or file that `spec` needs is not there; imports nothing."""
    if spec.source in LIBRARIES and not is_importable(spec.source):
        raise ModelError(f"{spec} needs {spec.source}, which is not installed", 'pip install "memprof[timm]"')
    if spec.source is Source.FILE and not is_file(path_of(spec)):
        raise ModelError(f"there is no file {spec.name}", "check the path; it is taken from the current folder")
    if spec.source is Source.MODULE and not is_importable(spec.name.partition(".")[0]):
        raise ModelError(
            f"{spec.name!r} is neither a model nor a module here or among the installed ones",
            did_you_mean(registry.short_name(spec.name), (*registry.ENTRIES, *registry.HEADS)),
        )


def resolution(spec: ModelSpec) -> int | None:
    """Return the pixels a side that timm declares for a model of its own; None for every other source."""
    if spec.source is not Source.TIMM:
        return None
    library = _timm(spec.name)
    with foreign_code(f"building {spec} failed", advise_builder):
        config = library.get_pretrained_cfg(spec.name)
    return int(config.input_size[-1]) if config is not None and config.input_size else None


def build(spec: ModelSpec, module: ModuleType | None = None, image_size: tuple[int, int] | None = None) -> nn.Module:
    """Build the network on the default device; ModelError for whatever its code raises or returns in its place.

    `module` is the code that a spec of a user's code names. `image_size`, height and width, is passed on where it is
    not the one that a library's network is made for, and its builder takes it.
    """
    if module is not None:
        with imports_of(spec):
            return _call(spec, target_of(spec, module))
    if spec.source is Source.TIMM:
        library = _timm(spec.name)
        if image_size in (None, (resolution(spec),) * 2):
            image_size = None
        return _call(spec, lambda: _sized(library.create_model, spec.name, "img_size", image_size, pretrained=False))
    return _torchvision(spec, image_size)


def _sized(make: Any, name: str, word: str, image_size: tuple[int, int] | None, **options: Any) -> Any:
    """Return make(name), told the image's size under `word` where it takes that; most networks take any size."""
    if image_size is not None:
        height, width = image_size
        try:
            return make(name, **{word: height if height == width else image_size}, **options)
        except TypeError as error:
            if word not in str(error):
                raise
    return make(name, **options)


def build_feature_maps(spec: ModelSpec) -> nn.Module:
    """Build a timm network that returns all its feature maps, described by its `feature_info`."""
    library = _timm(spec.name)

    def make() -> Any:
        try:  # networks of windows take images of any size only where they are told to
            return library.create_model(spec.name, features_only=True, strict_img_size=False)
        except TypeError:  # any other knows no such word
            return library.create_model(spec.name, features_only=True)

    return _call(spec, make)


def _call(spec: ModelSpec, make: Any) -> nn.Module:
    """Return make()'s model, wholly on meta where that is the default device.

    Code that reads numbers out of tensors while it builds (torchvision's RegNet) cannot do so on meta: it is run again
    on the CPU, with real weights for a moment.
    """
    import torch
    from torch import nn

    from memprof.models.real_schedules import RealSchedules

    on_meta = torch.empty(0).device.type == "meta"
    with foreign_code(f"building {spec} failed", advise_builder):
        try:
            with RealSchedules():
                model = make()
        except (RuntimeError, TypeError) as error:  # NotImplementedError is a RuntimeError
            if not on_meta or "meta" not in str(error):
                raise
            with torch.device("cpu"):
                model = make()
        if isinstance(model, nn.Module):
            return model.to("meta") if on_meta else model
    raise ModelError(f"{spec} returned a {type(model).__name__}, not a torch.nn.Module", "return the model itself")


def _library(name: str) -> Any:
    """Import timm or torchvision, off the meta device and without their warnings about one another."""
    import torch

    fence = foreign_code(f"importing {name} failed", f"install {name} anew")
    with fence, torch.device("cpu"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def _timm(name: str) -> Any:
    library = _library("timm")
    if not library.is_model(name):
        raise _unknown_name("timm", name, library.list_models())
    return library


def _torchvision(spec: ModelSpec, image_size: tuple[int, int] | None) -> nn.Module:
    models = _library("torchvision").models
    if spec.name not in models.list_models():
        raise _unknown_name("torchvision", spec.name, models.list_models())
    # A detector's builder fetches weights for its backbone from the network unless told not to.
    parameters = inspect.signature(models.get_model_builder(spec.name)).parameters
    no_weights = {name: None for name in ("weights", "weights_backbone") if name in parameters}
    # Its transformers take square images alone.
    size = image_size if image_size and image_size[0] == image_size[1] else None
    return _call(spec, lambda: _sized(models.get_model, spec.name, "image_size", size, **no_weights))


def _unknown_name(library: str, name: str, known: list[str]) -> ModelError:
    close = nearest(name, known)
    remedy = f"did you mean {', '.join(close)}?" if close else f"{library}.list_models() lists the names it knows"
    return ModelError(f"{library} has no model {name!r}", remedy)
