"""From a profile to operator calls: which event level counts, which module and which phase a call belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memprof.profiles.records import Argument, TensorSpec


class Phase(StrEnum):
    """The part of a step that an operator call belongs to."""

    FORWARD = "forward"
    BACKWARD = "backward"
    OPTIMIZER = "optimizer"


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """One call of one operator.

    `name` is the dispatcher's ("aten::convolution"); `inputs` follow the operator's schema by position; `module` is the
    path of the module whose forward made the call, or, in backward, made the forward call that this one differentiates.
    """

    name: str
    inputs: tuple[Argument, ...]
    module: str = ""
    phase: Phase = Phase.FORWARD

    def argument(self, position: int, default: Argument = None) -> Argument:
        """Return the input at `position`, or `default` where the call has none there or None was recorded."""
        if position >= len(self.inputs) or self.inputs[position] is None:
            return default
        return self.inputs[position]

    def tensor(self, position: int) -> TensorSpec:
        """Return the tensor at `position`; LookupError where there is none."""
        value = self.argument(position)
        if not isinstance(value, TensorSpec):
            raise LookupError(f"{self.name} has no tensor at position {position}")
        return value

    def optional_tensor(self, position: int) -> TensorSpec | None:
        """Return the tensor at `position`, or None."""
        value = self.argument(position)
        return value if isinstance(value, TensorSpec) else None

    def tensors(self) -> tuple[TensorSpec, ...]:
        """Return every tensor among the inputs, those inside lists included, in order."""
        return tuple(flatten_tensors(self.inputs))


def flatten_tensors(value: Argument | tuple[Argument, ...]) -> list[TensorSpec]:
    """Return the tensors in a possibly nested argument, in order."""
    if isinstance(value, TensorSpec):
        return [value]
    if isinstance(value, tuple):
        return [tensor for item in value for tensor in flatten_tensors(item)]
    return []
