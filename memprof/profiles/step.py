"""One step of a model: forward for inference; forward, loss, backward and optimizer for training. On any device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from memprof.errors import ModelError
from memprof.models.foreign import Remedy, foreign_code
from memprof.models.own_loss import OwnLoss
from memprof.profiles.objective import Objective
from memprof.profiles.optimizers import KEEPS_GRADIENTS, make_optimizer, zero_gradients
from memprof.profiles.scopes import ModuleScopes, phase_scope
from memprof.profiles.task import IMAGES, Task
from memprof.vocabulary import Phase


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step consumes: arguments of the model's forward, and class indices (batch,) where training needs them."""

    args: tuple[Any, ...]
    targets: Tensor | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)


class Step:
    """A step of `model`, its phases and modules recorded as scopes.

    `name` is how errors call the model; `remedy` is what they advise. `front_end` makes the context in which Python
    code of the model and the loss runs; `task` says what is minimised and how. What the optimizer keeps,
    `optimizer_state`, is made here, so that every step is in the steady state.
    """

    def __init__(
        self,
        model: nn.Module,
        name: str,
        training: bool,
        remedy: Remedy,
        front_end: Callable[[], AbstractContextManager[object]] = nullcontext,
        task: Task = IMAGES,
    ) -> None:
        # Modules that somebody froze (`bn.eval()` in a model that trains) stay so.
        self._model = model if model.training == training else model.train(training)
        self._name = name
        self._remedy = remedy
        self._front_end = front_end
        self._learner = _Learner(name, model, task) if training else None

    @property
    def optimizer_state(self) -> list[Tensor]:
        """Return the tensors that the optimizer keeps between steps."""
        return list(self._learner.optimizer.state) if self._learner is not None else []

    @property
    def loss_words(self) -> str:
        """Return what the last training step minimised, "" for the cross-entropy of classes, or where none was."""
        return self._learner.objective.words if self._learner is not None else ""

    def run(self, batch: Batch, *, modules: bool = True) -> None:
        """Run the step; ModelError where the model raises, or gives nothing to train on.

        Without `modules` these are no scopes: recording them takes time, and torch.compile cannot see through it.
        """
        for parameter in self._model.parameters() if self._learner is not None else ():
            parameter.grad = None  # as zero_grad does
        if self._learner is not None and KEEPS_GRADIENTS.get():
            with phase_scope(Phase.OPTIMIZER), torch.no_grad():
                zero_gradients(self._model.parameters())
        with torch.set_grad_enabled(self._learner is not None):
            outputs = self._forward(batch, modules)
            if self._learner is not None:
                self._learn(self._learner, outputs, batch.targets)

    def _forward(self, batch: Batch, modules: bool) -> object:
        scopes = ModuleScopes(self._model)

        def place() -> str:
            return f"{self._name} failed" + (f" in its module {scopes.current!r}" if scopes.current else "")

        recorded = scopes if modules else nullcontext()
        with foreign_code(place, self._remedy), phase_scope(Phase.FORWARD), recorded, self._front_end():
            return self._model(*batch.args, **batch.kwargs)

    def _learn(self, learner: _Learner, outputs: object, targets: Tensor | None) -> None:
        """Compute the loss, its gradients, and update."""
        with foreign_code(f"the loss or the backward pass of {self._name} failed", self._remedy):
            with phase_scope(Phase.FORWARD), self._front_end():
                loss = learner.objective(outputs, targets)
            with phase_scope(Phase.BACKWARD):
                loss.backward()  # type: ignore[no-untyped-call]
        if all(parameter.grad is None for parameter in self._model.parameters()):
            raise ModelError(f"no parameter of {self._name} gets a gradient", "unfreeze one, or analyse inference")
        with phase_scope(Phase.OPTIMIZER), torch.no_grad():
            learner.optimizer.update()


class _Learner:
    """What a training step minimises, and how it updates."""

    def __init__(self, name: str, model: nn.Module, task: Task) -> None:
        self.objective = Objective(name, task.loss, model if isinstance(model, OwnLoss) else None)
        self.optimizer = make_optimizer(task.optimizer, model.parameters())
