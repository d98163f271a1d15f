"""A profile of one step of a model on the meta device: nothing is computed, nothing is allocated, no GPU is needed."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

# Kineto looks for a GPU when it starts and reports on standard error that there is none; read when torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile

from memprof.errors import ModelError
from memprof.models.foreign import foreign_code
from memprof.profiles.kineto import read_events
from memprof.profiles.memory import MemoryMeter, MemoryUse
from memprof.profiles.meta import attention, backward, creation, elementwise, layers, products  # noqa: F401  (rules)
from memprof.profiles.meta.autocast import CudaFrontEnd
from memprof.profiles.meta.autocast_region import AutocastAnswers, NoAutocast
from memprof.profiles.meta.mode import MetaRules
from memprof.profiles.records import Profile
from memprof.profiles.step import Batch, Step
from memprof.tensors import strides
from memprof.tensors.precision import Precision

_REMEDY = (
    "it must run on images of this size and without reading values (.item(), branches on data), which a simulated run "
    "does not have; --debug shows the traceback"
)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulated run gives: its profile, the model's number of parameters, the memory that the step needs."""

    profile: Profile
    parameters: int
    memory: MemoryUse


def simulate(
    build: Callable[[], nn.Module],
    *,
    batch_size: int,
    resolution: int,
    training: bool,
    precision: Precision,
    channels_last: bool,
    name: str = "the model",
) -> Simulation:
    """Run one step of the model that `build` returns on the meta device and profile it.

    The input is (batch_size, 3, resolution, resolution). `name` is how errors call the model. ModelError where the
    model cannot be built or does not run on meta.
    """
    model = _build_on_meta(build, name)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    dtype = getattr(torch, precision.storage)
    _prepare(model, dtype, channels_last)
    batch = Batch(
        images=_empty((batch_size, 3, resolution, resolution), dtype, channels_last),
        targets=torch.empty((batch_size,), dtype=torch.int64, device="meta"),
    )
    step = Step(model, name, training, _REMEDY, lambda: _front_end(precision))
    # This is torch.profiler's own engine; torch.profiler.profile would import torch._inductor when it starts.
    meter = MemoryMeter()
    meter.note([*_tensors(model), *step.optimizer_state, batch.images, batch.targets])
    with profile(use_kineto=True, record_shapes=True) as profiler, MetaRules(meter):
        step.run(batch)
    memory = meter.use(
        parameters=meter.serials(_tensors(model)),
        gradients=meter.serials(parameter.grad for parameter in model.parameters()),
        optimizer=meter.serials(step.optimizer_state),
    )
    return Simulation(Profile(read_events(profiler.kineto_results)), parameters, memory)


def _front_end(precision: Precision) -> ExitStack:
    stack = ExitStack()
    stack.enter_context(torch.device("meta"))
    front_end = CudaFrontEnd(getattr(torch, precision.autocast) if precision.autocast else None)
    stack.enter_context(front_end)
    stack.enter_context(AutocastAnswers(front_end))
    return stack


def _build_on_meta(build: Callable[[], nn.Module], name: str) -> nn.Module:
    with foreign_code(f"building {name} failed"), torch.device("meta"), AutocastAnswers(NoAutocast()):
        model = build()  # some models run while they are built
    if not isinstance(model, nn.Module):
        raise ModelError(f"{name} gives a {type(model).__name__}, not a torch.nn.Module", "return a module from it")
    return model if all(tensor.is_meta for tensor in _tensors(model)) else _meta_copy(model)


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
    """Give float32 parameters and buffers the policy's dtype, and 4-D ones the layout, as `model.to` would."""
    for tensor in _tensors(model):
        if tensor.is_floating_point():
            wanted = dtype if tensor.dtype == torch.float32 else tensor.dtype
            tensor.data = _empty(tensor.shape, wanted, channels_last and tensor.dim() == 4)


def _empty(shape: tuple[int, ...], dtype: torch.dtype, channels_last: bool) -> Tensor:
    layout = strides.channels_last_strides if channels_last else strides.contiguous_strides
    return torch.empty_strided(shape, layout(shape), dtype=dtype, device="meta")
