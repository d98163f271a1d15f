"""A model as a user gives it: a name, an instance, a class, or a function that builds one. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from memprof import models
from memprof.errors import ModelError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Subject:
    """What is analysed: how a report calls it, how it is built, and the pixels a side it was made for.

    `instance` is the module itself where somebody holds it, so that only a copy of it may change.
    """

    name: str
    build: Callable[[], nn.Module]
    resolution: int = models.DEFAULT_RESOLUTION
    instance: nn.Module | None = None


def subject_of(model: str | nn.Module | Callable[[], nn.Module]) -> Subject:
    """Return what `model` stands for; ModelError where it is neither a known name, a module, nor callable."""
    if isinstance(model, str):
        return Subject(
            models.canonical_name(model), lambda: models.create_model(model), models.default_resolution(model)
        )
    if hasattr(model, "named_modules") and not isinstance(model, type):
        held = cast("nn.Module", model)
        return Subject(_name(type(held)), lambda: held, _made_for(held), held)
    if not callable(model):
        raise ModelError(
            f"a model is a name, a torch.nn.Module or a function that builds one, not a {type(model).__name__}",
            'pass, for example, analyze("resnet50") or analyze(my_model)',
        )
    return Subject(_name(model), model)


def _name(model: Any) -> str:
    model = getattr(model, "func", model)  # of functools.partial
    name = getattr(model, "__qualname__", type(model).__name__)
    home = getattr(model, "__module__", "")
    return name if home in ("", "__main__", "builtins") else f"{home}:{name}"


def _made_for(model: Any) -> int:
    """Return the pixels a side that timm's models carry with them."""
    config = getattr(model, "pretrained_cfg", None)
    size = config.get("input_size") if isinstance(config, dict) else getattr(config, "input_size", None)
    return size[-1] if isinstance(size, (tuple, list)) and size else models.DEFAULT_RESOLUTION
