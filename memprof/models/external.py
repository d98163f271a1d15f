"""Models that memprof did not write: timm's, torchvision's, a module's, a file's. Building them runs their code."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from memprof.errors import ModelError, did_you_mean, nearest
from memprof.models import registry
from memprof.models.foreign import foreign_code
from memprof.models.spec import LIBRARIES, ModelSpec, Source

if TYPE_CHECKING:
    from torch import nn

_numbers = itertools.count(1)
_siblings: dict[str, Path] = {}
"""Modules that a file imported from its own folder: dropped before a file of another folder imports its namesakes."""


def require(spec: ModelSpec) -> None:
    """Raise ModelError where the library, module or file that `spec` needs is not there; imports nothing."""
    if spec.source in LIBRARIES and not _importable(spec.source):
        raise ModelError(f"{spec} needs {spec.source}, which is not installed", 'pip install "memprof[timm]"')
    if spec.source is Source.FILE and not _is_file(_path(spec)):
        raise ModelError(f"there is no file {spec.name}", "check the path; it is taken from the current folder")
    if spec.source is Source.MODULE and not _importable(spec.name.partition(".")[0]):
        raise ModelError(
            f"{spec.name!r} is neither a model nor a module here or among the installed ones",
            did_you_mean(registry.short_name(spec.name), (*registry.ENTRIES, *registry.HEADS)),
        )


def resolution(spec: ModelSpec) -> int | None:
    """Return the pixels a side that timm declares for a model of its own; None for every other source."""
    if spec.source is not Source.TIMM:
        return None
    library = _timm(spec.name)
    with foreign_code(f"building {spec} failed"):
        config = library.get_pretrained_cfg(spec.name)
    return int(config.input_size[-1]) if config is not None and config.input_size else None


def build(spec: ModelSpec) -> nn.Module:
    """Build the network on the default device; ModelError for whatever its code raises or returns in its place."""
    match spec.source:
        case Source.TIMM:
            library = _timm(spec.name)
            return _call(spec, lambda: library.create_model(spec.name, pretrained=False))
        case Source.TORCHVISION:
            return _torchvision(spec)
        case Source.MODULE:
            with _import_path(Path.cwd()):
                return _call(spec, _target(spec, _module(spec)))
        case _:
            with _import_path(_path(spec).parent), _separate_siblings(_path(spec).parent):
                return _call(spec, _target(spec, _file_module(spec)))


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
    with foreign_code(f"building {spec} failed"):
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

    with foreign_code(f"importing {name} failed"), torch.device("cpu"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def _timm(name: str) -> Any:
    library = _library("timm")
    if not library.is_model(name):
        raise _unknown_name("timm", name, library.list_models())
    return library


def _torchvision(spec: ModelSpec) -> nn.Module:
    models = _library("torchvision").models
    if spec.name not in models.list_models():
        raise _unknown_name("torchvision", spec.name, models.list_models())
    # A detector's builder fetches weights for its backbone from the network unless told not to.
    parameters = inspect.signature(models.get_model_builder(spec.name)).parameters
    no_weights = {name: None for name in ("weights", "weights_backbone") if name in parameters}
    return _call(spec, lambda: models.get_model(spec.name, **no_weights))


def _unknown_name(library: str, name: str, known: list[str]) -> ModelError:
    close = nearest(name, known)
    remedy = f"did you mean {', '.join(close)}?" if close else f"{library}.list_models() lists the names it knows"
    return ModelError(f"{library} has no model {name!r}", remedy)


def _module(spec: ModelSpec) -> ModuleType:
    import torch

    with foreign_code(f"importing {spec.name} failed"), torch.device("cpu"):
        try:
            return importlib.import_module(spec.name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{spec.name}.".startswith(f"{error.name}."):
                raise
            raise ModelError(f"there is no module {error.name}", "check the dotted name") from error


def _file_module(spec: ModelSpec) -> ModuleType:
    import torch

    path = _path(spec).resolve()
    module_spec = importlib.util.spec_from_file_location(f"memprof_user_{next(_numbers)}_{path.stem}", path)
    if module_spec is None or module_spec.loader is None:
        raise ModelError(f"{spec.name} is not a Python file", "its name must end in .py")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # where dataclasses and pickling look a class's module up
    with foreign_code(f"importing {spec.name} failed"), torch.device("cpu"):
        module_spec.loader.exec_module(module)
    return module


def _target(spec: ModelSpec, module: ModuleType) -> Any:
    from torch import nn

    with foreign_code(f"building {spec} failed"):
        target = getattr(module, spec.target, None)
    if target is None:
        own = {name: value for name, value in vars(module).items() if not name.startswith("_") and callable(value)}
        known = [name for name, value in own.items() if getattr(value, "__module__", "") == module.__name__]
        remedy = did_you_mean(spec.target, known) if known else "it defines no function or class"
        raise ModelError(f"{spec.name} has no {spec.target!r}", remedy)
    if isinstance(target, nn.Module):
        raise ModelError(f"{spec} is a model, not a function that makes one", "name a function that returns one")
    if not callable(target):
        raise ModelError(f"{spec} is a {type(target).__name__} and cannot be called", "name a function or a class")
    return target


def _is_file(path: Path) -> bool:
    """Tell whether there is such a file; what the system refuses to look up (a name too long) is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _path(spec: ModelSpec) -> Path:
    return Path(spec.name).expanduser()


def _importable(module: str) -> bool:
    with _import_path(Path.cwd()):
        return sys.modules.get(module) is not None or importlib.util.find_spec(module) is not None


@contextmanager
def _import_path(folder: Path) -> Iterator[None]:
    """Let imports find the modules of a folder first, as `python file.py` and `python -m` do."""
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):  # the code in between may have changed the path itself
            sys.path.remove(entry)


@contextmanager
def _separate_siblings(folder: Path) -> Iterator[None]:
    """Keep a/utils.py and b/utils.py apart where a/net.py and b/net.py are loaded one after the other."""
    folder = folder.resolve()
    for name in [name for name, home in _siblings.items() if home != folder]:
        sys.modules.pop(name, None)
        del _siblings[name]
    before = set(sys.modules)
    try:
        yield
    finally:
        new = [name for name in sys.modules if name not in before and not name.startswith("memprof_user_")]
        _siblings.update((name, folder) for name in new if _is_in(name.partition(".")[0], folder))


def _is_in(module: str, folder: Path) -> bool:
    origin = getattr(sys.modules.get(module), "__file__", None)
    return origin is not None and folder in (Path(origin).parent, Path(origin).parents[1])
