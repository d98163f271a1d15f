"""A model as a user gives it: a name, an instance, a class, or a function that builds one. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from memprof import models
from memprof.errors import ModelError
from memprof.profiles.task import Task
from memprof.tensors.inputs import Inputs, read_inputs

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Subject:
    """What is analysed: how a report calls it, how it is built, and the pixels a side it was made for.

    `instance` is the module itself where somebody holds it, so that only a copy of it may change. `named` is what the
    name stands for, where it has one that memprof reads.
    """

    name: str
    build: Callable[[], nn.Module]
    resolution: int = models.DEFAULT_RESOLUTION
    instance: nn.Module | None = None
    named: models.NamedModel | None = None

    def sized(self, image_size: tuple[int, int] | None) -> Subject:
        """Return the subject built for images of this height and width, where its builder asks; None: its own."""
        named = self.named
        return self if named is None else replace(self, build=lambda: named.build(image_size))


def subject_of(model: str | nn.Module | Callable[[], nn.Module]) -> Subject:
    """Return what `model` stands for; ModelError where it is neither a known name, a module, nor callable."""
    if isinstance(model, str):
        named = models.NamedModel(model)
        return Subject(named.name, named.build, named.resolution, named=named)
    if hasattr(model, "named_modules") and not isinstance(model, type):
        held = cast("nn.Module", model)
        return Subject(_name(type(held)), lambda: held, _made_for(held), held)
    if not callable(model):
        raise ModelError(
            f"a model is a name, a torch.nn.Module or a function that builds one, not a {type(model).__name__}",
            'pass, for example, analyze("resnet50") or analyze(my_model)',
        )
    return Subject(_name(model), model)


def task_of(subject: Subject, task: Task, batch_size: int | None = None, resolution: int | None = None) -> Task:
    """Return the task with what the subject's own code says of inputs and loss, where nothing else is asked for.

    Its example inputs are taken in the batch size asked for; a resolution asks for images instead.
    """
    if subject.named is None or not subject.named.is_code:
        return task
    examples = subject.named.examples()
    inputs = task.inputs
    if inputs is None and resolution is None and examples.inputs is not None:
        inputs = read_inputs(examples.inputs, None)
        inputs = inputs if inputs is None or batch_size is None else inputs.with_batch(batch_size)
    return replace(task, inputs=inputs, loss=task.loss or examples.loss)


def image_size(inputs: Inputs | None, resolution: int | None) -> tuple[int, int] | None:
    """Return the height and width of the images that are analysed, None where there are none."""
    if inputs is None:
        return None if resolution is None else (resolution, resolution)
    shape = next(inputs.tensors()).shape
    return shape[2:] if len(shape) == 4 and shape[1] < min(shape[2:]) else None


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
