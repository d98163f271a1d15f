"""One step of a model: forward for inference; forward, loss, backward and optimizer for training. On any device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from memprof.errors import ModelError
from memprof.models.foreign import foreign_code
from memprof.profiles.scopes import ModuleScopes, phase_scope
from memprof.vocabulary import Phase

MOMENTUM = 0.9
LEARNING_RATE = 1e-6
"""So small that a network fed with noise does not diverge: infinities would change what a GPU draws, hence its clocks.
What a step costs does not depend on it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step consumes: images (batch, 3, height, width), and class indices (batch,) for training."""

    images: Tensor
    targets: Tensor


class Step:
    """A step of `model`, its phases and modules recorded as scopes.

    `name` is how errors call the model; `remedy` is what they advise. `front_end` makes the context in which Python
    code of the model and the loss runs. Momentum buffers, `optimizer_state`, are made here, so that every step is in
    the steady state.
    """

    def __init__(
        self,
        model: nn.Module,
        name: str,
        training: bool,
        remedy: str,
        front_end: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._model = model.train(training)
        self._name = name
        self._training = training
        self._remedy = remedy
        self._front_end = front_end
        self.optimizer_state = [_buffer(parameter) for parameter in model.parameters()] if training else []

    def run(self, batch: Batch, *, modules: bool = True) -> None:
        """Run the step; ModelError where the model raises, or gives no logits to train on.

        Without `modules` these are no scopes: recording them takes time, and torch.compile cannot see through it.
        """
        for parameter in self._model.parameters() if self._training else ():
            parameter.grad = None  # as zero_grad does
        with torch.set_grad_enabled(self._training):
            outputs = self._forward(batch.images, modules)
            if self._training:
                self._learn(_logits(outputs, self._name), batch.targets)

    def _forward(self, images: Tensor, modules: bool) -> object:
        scopes = ModuleScopes(self._model)

        def place() -> str:
            return f"{self._name} failed" + (f" in its module {scopes.current!r}" if scopes.current else "")

        recorded = scopes if modules else nullcontext()
        with foreign_code(place, self._remedy), phase_scope(Phase.FORWARD), recorded, self._front_end():
            return self._model(images)

    def _learn(self, logits: Tensor, targets: Tensor) -> None:
        """Follow the published protocol: cross-entropy, backward, SGD with Nesterov momentum and no weight decay."""
        with foreign_code(f"the loss or the backward pass of {self._name} failed", self._remedy):
            with phase_scope(Phase.FORWARD), self._front_end():
                loss = nn.functional.cross_entropy(logits, targets)
            with phase_scope(Phase.BACKWARD):
                loss.backward()  # type: ignore[no-untyped-call]
        with phase_scope(Phase.OPTIMIZER), torch.no_grad():
            self._update()

    def _update(self) -> None:
        """Update as torch.optim.SGD(foreach=True, nesterov=True) does on CUDA; its class would import torch._dynamo."""
        learning = [
            (parameter, parameter.grad, buffer)
            for parameter, buffer in zip(self._model.parameters(), self.optimizer_state, strict=True)
            if parameter.grad is not None
        ]
        parameters, gradients, buffers = (list(column) for column in zip(*learning, strict=True))
        sgd(
            parameters,
            gradients,
            buffers,
            foreach=True,
            weight_decay=0.0,
            momentum=MOMENTUM,
            lr=LEARNING_RATE,
            dampening=0.0,
            nesterov=True,
            maximize=False,
        )


def _buffer(like: Tensor) -> Tensor:
    """Return a momentum buffer; empty_like would go through Python, and import sympy, on the meta device."""
    return torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=like.device).detach()


def _logits(outputs: object, name: str) -> Tensor:
    if isinstance(outputs, Tensor) and outputs.dim() == 2 and outputs.requires_grad:
        return outputs
    shape = f"shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else f"type {type(outputs).__name__}"
    raise ModelError(
        f"{name} returns an output of {shape}, but training needs differentiable logits of shape (batch, classes)",
        "analyse it with --phase infer, or wrap it in a module that returns logits",
    )
