"""A copy on the meta device of a model that somebody holds: its structure, not its weights."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from memprof.errors import ModelError
from memprof.models.foreign import foreign_code

_VALUES, _FEW = "memprof_values", 64
"""Networks keep sizes of their own in integer buffers, such as a kernel's, and read them; larger ones are tables."""


def tensors_of(model: nn.Module) -> Iterator[Tensor]:
    """Yield a model's parameters and buffers."""
    yield from model.parameters()
    yield from model.buffers()


def unwrap(model: nn.Module) -> tuple[nn.Module, str]:
    """Return the module inside a wrapper that compiles it or runs it on several devices, and a word on what was lost.

    ModelError for TorchScript, whose operators cannot be seen one by one.
    """
    if isinstance(model, torch.jit.ScriptModule):
        raise ModelError("the model is compiled by TorchScript", "give the module that it was scripted or traced from")
    if hasattr(model, "_orig_mod"):  # torch._dynamo.OptimizedModule; its own module would import torch._dynamo
        wrapped: nn.Module = model._orig_mod  # type: ignore[assignment]
        return wrapped, "it is compiled by torch.compile, and analysed as if it were not: nothing is fused"
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return model.module, f"it runs on several devices ({type(model).__name__}), and is analysed on one"
    if getattr(model, "_compiled_call_impl", None) is not None:
        return model, "it is compiled in place, and analysed as if it were not: nothing is fused"
    parts = [path for path, part in model.named_modules() if _is_compiled(part)]
    if not parts:
        return model, ""
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return model, f"has parts that are compiled ({parts[0]}{more}), and is analysed as if it had none: nothing is fused"


def _is_compiled(module: nn.Module) -> bool:
    return hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None


def meta_copy(model: nn.Module) -> nn.Module:
    """Copy a model without its weights: same dtypes, strides, requires_grad, modes, hooks and buffers, on meta.

    ModelError where it holds what cannot be copied.
    """
    if any(nn.parameter.is_lazy(tensor) for tensor in tensors_of(model)):
        raise ModelError(
            "the first input decides the shapes of some of its layers", "run it once on one, or give sizes"
        )
    memo: dict[int, object] = {}
    for tensor in _held(model):
        if id(tensor) not in memo:
            memo[id(tensor)] = _like(tensor)
    remedy = "give a function that builds it instead of the model itself"
    with foreign_code("the model cannot be copied without its weights", remedy):
        return copy.deepcopy(model, memo)


def small_values(model: nn.Module) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the small integer buffers of a model that `meta_copy` made, each with the values that it had."""
    for buffer in model.buffers():
        values = getattr(buffer, _VALUES, None)
        if values is not None:
            yield buffer, values.clone()


def _like(tensor: Tensor) -> Tensor:
    meta = _empty(tensor)
    if not tensor.is_floating_point() and not tensor.is_meta and tensor.numel() <= _FEW:
        setattr(meta, _VALUES, tensor.detach().cpu().clone())
    return meta


def _empty(tensor: Tensor) -> Tensor:
    meta = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(meta, tensor.requires_grad)
    return meta.requires_grad_(tensor.requires_grad) if tensor.requires_grad else meta


def _held(model: nn.Module) -> Iterator[Tensor]:
    """Yield the tensors of a model: parameters, buffers, and plain ones among the attributes of its modules."""
    yield from tensors_of(model)
    for module in model.modules():
        for name, value in vars(module).items():
            if name not in ("_parameters", "_buffers", "_modules"):
                yield from _nested(value, 3)


def _nested(value: Any, depth: int) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif depth and isinstance(value, (tuple, list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _nested(item, depth - 1)
