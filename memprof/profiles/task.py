"""What is asked of a model apart from itself: inputs, and for training a loss and an optimizer. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memprof.errors import WorkloadError, did_you_mean
from memprof.tensors.inputs import Inputs
from memprof.vocabulary import OPTIMIZERS, SGD

if TYPE_CHECKING:
    from torch import Tensor, nn

Loss = Callable[[Any], "Tensor"]
"""A function of a model's output that returns one number."""
MakeOptimizer = Callable[[list["nn.Parameter"]], Any]
"""A function of the parameters that returns a torch.optim.Optimizer."""


@dataclass(frozen=True, slots=True)
class Task:
    """How a model is run.

    `inputs` are the arguments of its forward, None for images (batch, 3, resolution, resolution). `loss` is a function
    of the output that returns one number, None for a standard one (memprof.profiles.objective). `optimizer` is one of
    OPTIMIZERS or a function of the list of parameters that returns a torch.optim.Optimizer.
    """

    inputs: Inputs | None = None
    loss: Loss | None = None
    optimizer: str | MakeOptimizer = SGD

    def __post_init__(self) -> None:
        """Check what can be checked without the model; WorkloadError says what is wrong."""
        if isinstance(self.optimizer, str) and self.optimizer not in OPTIMIZERS:
            raise WorkloadError(f"unknown optimizer {self.optimizer!r}", did_you_mean(self.optimizer, OPTIMIZERS))
        for what, value in (("loss", self.loss), ("optimizer", self.optimizer)):
            if value is not None and not callable(value) and value not in OPTIMIZERS:
                raise WorkloadError(
                    f"{what}= is a {type(value).__name__}, not a function", f"give a function as {what}="
                )

    @property
    def optimizer_name(self) -> str:
        """Return what a report calls the optimizer."""
        return self.optimizer if isinstance(self.optimizer, str) else getattr(self.optimizer, "__name__", "own")


IMAGES = Task()
"""The usual one: images, cross-entropy, SGD."""
