"""Inputs meet the signature of the model that they are for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from memprof.errors import WorkloadError, did_you_mean
from memprof.tensors.inputs import Inputs, InputSpec, map_nested

MakeTensor = Callable[[InputSpec], Tensor]


def bind(model: nn.Module, inputs: Inputs, make: MakeTensor) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return positional and keyword arguments for the model's forward, each tensor made by `make`.

    A single dict whose keys are all parameters of forward is taken for keyword arguments. WorkloadError where forward
    takes no such arguments.
    """
    args: tuple[Any, ...] = inputs.args
    kwargs = dict(inputs.kwargs)
    signature = _signature(model)
    if signature is not None:
        single = inputs.args[0] if len(inputs.args) == 1 and not kwargs else None
        if isinstance(single, Mapping) and set(single) <= set(signature.parameters):
            args, kwargs = (), dict(single)
        _check(model, signature, args, kwargs)

    def tensors(value: Any) -> Any:
        return make(value) if isinstance(value, InputSpec) else map_nested(value, tensors)

    return tuple(map(tensors, args)), {name: tensors(value) for name, value in kwargs.items()}


def _signature(model: nn.Module) -> inspect.Signature | None:
    try:
        return inspect.signature(model.forward)
    except (TypeError, ValueError):
        return None


def _check(model: nn.Module, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        names = list(signature.parameters)
        wrong = [name for name in kwargs if name not in names]
        remedy = did_you_mean(wrong[0], names) if wrong and names else f"it is forward({', '.join(names)})"
        raise WorkloadError(f"the inputs do not fit {type(model).__name__}.forward: {error}", remedy) from error
