"""The update at the end of a training step: SGD with momentum, AdamW, or an optimizer that the user makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from memprof.errors import ModelError
from memprof.models.foreign import foreign_code
from memprof.profiles.task import MakeOptimizer
from memprof.vocabulary import ADAMW, SGD

MOMENTUM = 0.9
LEARNING_RATE = 1e-6
"""So small that a network fed with noise does not diverge: infinities would change what a GPU draws, hence its clocks.
What a step costs does not depend on it."""
WEIGHT_DECAY = 1e-2
"""AdamW's default, likewise without an effect on what a step costs."""
BETAS, EPSILON = (0.9, 0.999), 1e-8


KEEPS_GRADIENTS: ContextVar[bool] = ContextVar("KEEPS_GRADIENTS", default=False)
"""Whether gradients are zeroed before a step, and added to, as before PyTorch 2.0, instead of dropped."""


class Optimizer(Protocol):
    """Updates parameters by their gradients; `state` is what it keeps between steps, made beforehand."""

    @property
    def state(self) -> Sequence[Tensor]:
        """Return what it keeps."""

    def update(self) -> None:
        """Update the parameters that have a gradient."""


class Sgd:
    """SGD with Nesterov momentum, as torch.optim.SGD(foreach=True) does it; that class would import torch._dynamo."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self.state = [_buffer(parameter) for parameter in self._parameters]

    def update(self) -> None:
        """Update parameters and momenta."""
        parameters, gradients, (buffers,) = _learning(self._parameters, self.state)
        if not parameters:
            return
        sgd(
            parameters,
            gradients,
            buffers,  # type: ignore[arg-type]
            foreach=True,
            weight_decay=0.0,
            momentum=MOMENTUM,
            lr=LEARNING_RATE,
            dampening=0.0,
            nesterov=True,
            maximize=False,
        )


class AdamW:
    """AdamW in the operators that torch.optim.AdamW(foreach=True) calls on CUDA (_multi_tensor_adam).

    It is the first step. Its step counts, numbers on the host, are left out.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._first = [_buffer(parameter) for parameter in self._parameters]
        self._second = [_buffer(parameter) for parameter in self._parameters]
        self.state = [*self._first, *self._second]

    def update(self) -> None:
        """Update parameters and both moments."""
        parameters, gradients, (first, second) = _learning(self._parameters, self._first, self._second)
        if not parameters:
            return
        low, high = BETAS
        torch._foreach_mul_(parameters, 1 - LEARNING_RATE * WEIGHT_DECAY)
        torch._foreach_lerp_(first, gradients, 1 - low)
        torch._foreach_mul_(second, high)
        torch._foreach_addcmul_(second, gradients, gradients, 1 - high)
        roots = torch._foreach_sqrt(second)
        torch._foreach_div_(roots, [(1 - high) ** 0.5] * len(roots))
        torch._foreach_add_(roots, EPSILON)
        torch._foreach_addcdiv_(parameters, first, roots, [-LEARNING_RATE / (1 - low)] * len(roots))


class OwnOptimizer:
    """What a user's function makes of the parameters; a step without gradients' values makes its state first."""

    def __init__(self, parameters: Iterable[nn.Parameter], make: MakeOptimizer) -> None:
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        with foreign_code("making the optimizer failed"):
            self._optimizer = make(trained)
        step = getattr(self._optimizer, "step", None)
        if not callable(step):
            raise ModelError(
                f"optimizer= made a {type(self._optimizer).__name__}, which has no step()",
                "return a torch.optim.Optimizer: optimizer=lambda parameters: torch.optim.AdamW(parameters)",
            )
        closure = inspect.signature(step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            raise ModelError(
                f"{type(self._optimizer).__name__} needs a closure that runs the model again",
                "choose an optimizer that steps without one, such as SGD or AdamW",
            )
        for group in getattr(self._optimizer, "param_groups", ()):
            if group.get("foreach", False) is None and not group.get("fused"):
                group["foreach"] = True  # as torch.optim chooses on CUDA
        for parameter in trained:
            parameter.grad = torch.zeros_like(parameter)
        self.update()
        for parameter in trained:
            parameter.grad = None

    @property
    def state(self) -> list[Tensor]:
        """Return the tensors it keeps."""
        return list(_state_tensors(getattr(self._optimizer, "state", {})))

    def update(self) -> None:
        """Run its step."""
        with foreign_code("the optimizer's step failed"):
            self._optimizer.step()


_BY_NAME: dict[str, Callable[[Iterable[nn.Parameter]], Optimizer]] = {SGD: Sgd, ADAMW: AdamW}


def zero_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Begin a step with gradients of zeros, which the backward pass adds to.

    They are there from the step before: their allocation is not seen.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in trained:
        parameter.grad = _buffer(parameter)
    gradients = [parameter.grad for parameter in trained if parameter.grad is not None]
    if gradients:
        torch._foreach_zero_(gradients)


def make_optimizer(optimizer: str | MakeOptimizer, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Make the optimizer called `optimizer`, or that which the function `optimizer` returns for the parameters."""
    if not isinstance(optimizer, str):
        return OwnOptimizer(parameters, optimizer)
    return _BY_NAME[optimizer](parameters)


def _learning(
    parameters: Sequence[nn.Parameter], *states: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor], list[list[Tensor]]]:
    """Return those parameters that have a gradient, their gradients, and their state."""
    learning = [row for row in zip(parameters, *states, strict=True) if row[0].grad is not None]
    kept = [list(column) for column in zip(*learning, strict=True)] or [[] for _ in (parameters, *states)]
    return kept[0], [parameter.grad for parameter in kept[0] if parameter.grad is not None], kept[1:]


def _buffer(like: Tensor) -> Tensor:
    """Return a buffer like a parameter; empty_like would go through Python, and import sympy, on the meta device."""
    return torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=like.device).detach()


def _state_tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _state_tensors(item)
