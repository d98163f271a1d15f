"""A profile of one step of a model on the meta device: nothing is computed, nothing is allocated, no GPU is needed."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Kineto looks for a GPU when it starts and reports on standard error that there is none; read when torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile
from torch.optim.sgd import sgd

from memprof.errors import ModelError
from memprof.models.foreign import foreign_code
from memprof.profiles import meta_backward, meta_forward, strides  # noqa: F401  (imported for their shape rules)
from memprof.profiles.autocast import CudaFrontEnd
from memprof.profiles.kineto import read_events
from memprof.profiles.meta_mode import MetaRules
from memprof.profiles.precision import Precision
from memprof.profiles.records import Profile
from memprof.profiles.scopes import ModuleScopes, phase_scope

MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulated run gives: its profile and the number of parameters of the model."""

    profile: Profile
    parameters: int


def simulate(
    build: Callable[[], nn.Module], *, batch_size: int, resolution: int, training: bool, precision: Precision,
    channels_last: bool, name: str = "the model",
) -> Simulation:  # fmt: skip
    """Run one step of the model that `build` returns on the meta device and profile it.

    The input is (batch_size, 3, resolution, resolution). A training step is forward, cross-entropy, backward and SGD
    with Nesterov momentum and no weight decay, in its steady state (momentum buffers exist). `name` is how errors call
    the model. ModelError where the model cannot be built or does not run on meta.
    """
    model = _on_meta(build, name)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    dtype = getattr(torch, precision.storage)
    _prepare(model, dtype, channels_last)
    model.train(training)
    images = _empty((batch_size, 3, resolution, resolution), dtype, channels_last)
    targets = torch.empty((batch_size,), dtype=torch.int64, device="meta")
    buffers = [torch.empty_like(parameter) for parameter in model.parameters()] if training else []
    autocast = getattr(torch, precision.autocast) if precision.autocast else None
    with (
        torch.set_grad_enabled(training),
        profile(use_kineto=True, record_shapes=True) as profiler,
        MetaRules(),
    ):
        outputs = _forward(model, images, autocast, name)
        if training:
            _learn(model, outputs, targets, buffers, autocast, name)
    return Simulation(Profile(read_events(profiler.kineto_results)), parameters)


def _forward(model: nn.Module, images: Tensor, autocast: torch.dtype | None, name: str) -> object:
    scopes = ModuleScopes(model)
    with (
        foreign_code(lambda: f"{name} does not run on the meta device: its module {scopes.current or '(root)'!r} failed"),
        phase_scope("forward"),
        scopes,
        torch.device("meta"),
        CudaFrontEnd(autocast),
    ):
        return model(images)


def _learn(
    model: nn.Module, outputs: object, targets: Tensor, buffers: list[Tensor], autocast: torch.dtype | None, name: str
) -> None:
    if not (isinstance(outputs, Tensor) and outputs.dim() == 2):
        shape = f"shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else f"type {type(outputs).__name__}"
        raise ModelError(
            f"{name} returns an output of {shape}, but a training step needs logits of shape (batch, classes)",
            "analyse it with --phase infer, or wrap it in a module that returns logits",
        )
    with foreign_code(lambda: f"the backward pass of {name} does not run on the meta device"):
        with phase_scope("forward"), CudaFrontEnd(autocast):
            loss = nn.functional.cross_entropy(outputs, targets)
        with phase_scope("backward"):
            loss.backward()  # type: ignore[no-untyped-call]
    with phase_scope("optimizer"), torch.no_grad():
        _sgd_step(model, buffers)


def _sgd_step(model: nn.Module, buffers: list[Tensor]) -> None:
    """Step as torch.optim.SGD(foreach=True, nesterov=True) does on CUDA; its class would import torch._dynamo."""
    learning = [(parameter, buffer) for parameter, buffer in zip(model.parameters(), buffers, strict=True)
                if parameter.grad is not None]  # fmt: skip
    sgd(
        [parameter for parameter, _ in learning],
        [parameter.grad for parameter, _ in learning],
        [buffer for _, buffer in learning],
        foreach=True, weight_decay=0.0, momentum=MOMENTUM, lr=0.1, dampening=0.0, nesterov=True, maximize=False,
    )  # fmt: skip


def _on_meta(build: Callable[[], nn.Module], name: str) -> nn.Module:
    with foreign_code(lambda: f"{name} cannot be built"), torch.device("meta"):
        model = build()
    if not isinstance(model, nn.Module):
        raise ModelError(f"{name} is a {type(model).__name__}, not a torch.nn.Module", "return a module from it")
    return _meta_copy(model) if any(not tensor.is_meta for tensor in _tensors(model)) else model


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    yield from model.parameters()
    yield from model.buffers()


def _meta_copy(model: nn.Module) -> nn.Module:
    """Copy a model that somebody holds real weights of, without copying the weights."""
    memo: dict[int, object] = {}
    for tensor in _tensors(model):
        meta = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        memo[id(tensor)] = nn.Parameter(meta, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else meta
    return copy.deepcopy(model, memo)


def _prepare(model: nn.Module, dtype: torch.dtype, channels_last: bool) -> None:
    """Give floating-point parameters and buffers the policy's dtype and 4-D ones the layout."""
    with torch.no_grad():
        for tensor in _tensors(model):
            if tensor.is_floating_point():
                is_image = channels_last and tensor.dim() == 4
                tensor.data = _empty(tensor.shape, dtype if tensor.dtype == torch.float32 else tensor.dtype, is_image)


def _empty(shape: tuple[int, ...], dtype: torch.dtype, channels_last: bool) -> Tensor:
    layout = strides.channels_last_strides if channels_last else strides.contiguous_strides
    return torch.empty_strided(shape, layout(shape), dtype=dtype, device="meta")
