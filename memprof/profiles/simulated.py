"""A profile of one step of a model on the meta device: nothing is computed, nothing is allocated, no GPU is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

# Kineto looks for a GPU when it starts and reports on standard error that there is none; read when torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile
from torch.nn.parameter import is_lazy

from memprof.errors import ModelError
from memprof.models.foreign import advise_builder, foreign_code
from memprof.profiles.advice import advise
from memprof.profiles.binding import bind
from memprof.profiles.kineto import read_events
from memprof.profiles.memory import MemoryMeter, MemoryTimeline, MemoryUse
from memprof.profiles.meta import (  # noqa: F401  (rules)
    attention,
    backward,
    creation,
    elementwise,
    layers,
    products,
    sequence_loss,
)
from memprof.profiles.meta.autocast import CudaFrontEnd
from memprof.profiles.meta.autocast_region import AutocastAnswers, NoAutocast
from memprof.profiles.meta.data_dependent import teach_torchvision
from memprof.profiles.meta.known_values import KnownValues
from memprof.profiles.meta.mode import MetaRules
from memprof.profiles.meta_copy import meta_copy, small_values, tensors_of
from memprof.profiles.randomness import Seeded
from memprof.profiles.records import Profile
from memprof.profiles.step import Batch, Step
from memprof.profiles.task import IMAGES, Task
from memprof.tensors import strides
from memprof.tensors.inputs import InputSpec
from memprof.tensors.precision import Precision

CHANGES_REMEDY = "make parameters and modules in __init__, so that a step is like the next one"


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulated run gives: its profile, the model's number of parameters, the memory that the step needs.

    `loss` says what was minimised where that is not the usual cross-entropy of classes. `kept_all` counts operators
    whose result is as large as the data decide, and was taken to be as large as it can be; `guesses` are questions to
    all elements at once (any, all) that were answered as for data with nothing wrong. `timeline` is what `memory` sums
    up. `changed` are parameters that the forward made, replaced or took away.
    """

    profile: Profile
    parameters: int
    memory: MemoryUse
    loss: str = ""
    kept_all: Mapping[str, int] = field(default_factory=dict)
    guesses: int = 0
    timeline: MemoryTimeline | None = None
    changed: tuple[str, ...] = ()


def build_on_meta(build: Callable[[], nn.Module], name: str) -> nn.Module:
    """Return the model that `build` makes, on the meta device; ModelError where it makes none, called `name`."""
    fence = foreign_code(f"building {name} failed", advise_builder)
    with fence, Seeded(), torch.device("meta"), AutocastAnswers(NoAutocast()):
        model = build()  # some models run while they are built
    if not isinstance(model, nn.Module):
        raise ModelError(f"{name} gives a {type(model).__name__}, not a torch.nn.Module", "return a module from it")
    check_sized(model, name)
    return model if all(tensor.is_meta for tensor in tensors_of(model)) else meta_copy(model)


def check_sized(model: nn.Module, name: str) -> None:
    """Raise ModelError where parameters have no size yet, as those of nn.LazyLinear."""
    lazy = [key for key, parameter in model.named_parameters() if is_lazy(parameter)]
    if lazy:
        raise ModelError(
            f"{lazy[0]} of {name} has no size before its first forward",
            "give its layer the size, or run the model once on an input in the code that makes it",
        )


def simulate(
    build: Callable[[], nn.Module],
    *,
    batch_size: int,
    resolution: int,
    training: bool,
    precision: Precision,
    channels_last: bool,
    name: str = "the model",
    task: Task = IMAGES,
) -> Simulation:
    """Run one step of the model that `build` returns on the meta device and profile it; the model changes.

    It is given `task.inputs`, without them images (batch_size, 3, resolution, resolution), which is where `batch_size`
    and `resolution` count. `name` is how errors call the model. ModelError where it cannot be built or does not run on
    meta.
    """
    model = build_on_meta(build, name)
    own = dict(model.named_parameters())
    parameters = sum(parameter.numel() for parameter in own.values())
    dtype = getattr(torch, precision.storage)
    _prepare(model, dtype, channels_last)
    batch = _batch(model, task, batch_size, resolution, dtype, channels_last)
    values = KnownValues(small_values(model))
    given = str(task.inputs or InputSpec((batch_size, 3, resolution, resolution)))

    def remedy(error: BaseException) -> str:
        return advise(error, given, own=task.inputs is not None)

    step = Step(model, name, training, remedy, lambda: front_end(precision, values), task)
    teach_torchvision()
    # This is torch.profiler's own engine; torch.profiler.profile would import torch._inductor when it starts.
    meter = MemoryMeter()
    meter.note([*tensors_of(model), *step.optimizer_state, *batch.args, *batch.kwargs.values(), batch.targets])
    rules = MetaRules(meter, values)
    with Seeded(), profile(use_kineto=True, record_shapes=True) as profiler, rules:
        step.run(batch)
    changed = _changes(own, model)
    if changed and training:
        raise ModelError(f"{name} changes itself in its forward: {', '.join(changed[:3])}", CHANGES_REMEDY)
    timeline = meter.timeline(
        parameters=meter.serials(tensors_of(model)),
        gradients=meter.serials(parameter.grad for parameter in model.parameters()),
        optimizer=meter.serials(step.optimizer_state),
    )
    events = read_events(profiler.kineto_results)
    words, kept = step.loss_words, dict(rules.kept)
    use = timeline.use()
    return Simulation(Profile(events), parameters, use, words, kept, rules.guesses, timeline, changed)


def _changes(before: Mapping[str, Tensor], model: nn.Module) -> tuple[str, ...]:
    """Return the names of parameters that are not those any more that they were before the step."""
    after = dict(model.named_parameters())
    return tuple(key for key in {**before, **after} if before.get(key) is not after.get(key))


def front_end(precision: Precision, values: KnownValues) -> ExitStack:
    """Return the context in which Python code of a network acts as under CUDA, on meta."""
    stack = ExitStack()
    # Layers of attention that are fused as a whole, and their nested tensors, are for real devices only.
    stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
    torch.backends.mha.set_fastpath_enabled(False)
    stack.enter_context(torch.device("meta"))
    front_end = CudaFrontEnd(getattr(torch, precision.autocast) if precision.autocast else None, values)
    stack.enter_context(front_end)
    stack.enter_context(AutocastAnswers(front_end))
    stack.enter_context(uncompiled())
    return stack


def uncompiled() -> AbstractContextManager[Any]:
    """Return a context in which what torch.compile compiled runs operator by operator, as if it were not."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def _batch(
    model: nn.Module, task: Task, batch_size: int, resolution: int, dtype: torch.dtype, channels_last: bool
) -> Batch:
    def make(given: InputSpec) -> Tensor:
        own = getattr(torch, given.dtype)
        return _empty(given.shape, dtype if own is torch.float32 else own, channels_last and len(given.shape) == 4)

    targets = torch.empty((batch_size,), dtype=torch.int64, device="meta")
    if task.inputs is None:
        return Batch((make(InputSpec((batch_size, 3, resolution, resolution))),), targets)
    args, kwargs = bind(model, task.inputs, make)
    return Batch(args, None, kwargs)


def _prepare(model: nn.Module, dtype: torch.dtype, channels_last: bool) -> None:
    """Give float32 parameters and buffers the policy's dtype, and 4-D ones the layout, as `model.to` would.

    A model that is 16-bit already keeps what is float32 in it.
    """
    keeps = dtype != torch.float32 and any(parameter.dtype == dtype for parameter in model.parameters())
    for tensor in tensors_of(model):
        if tensor.is_floating_point():
            wanted = dtype if tensor.dtype == torch.float32 and not keeps else tensor.dtype
            tensor.data = _empty(tensor.shape, wanted, channels_last and tensor.dim() == 4)


def _empty(shape: tuple[int, ...], dtype: torch.dtype, channels_last: bool) -> Tensor:
    layout = strides.channels_last_strides if channels_last else strides.contiguous_strides
    return torch.empty_strided(shape, layout(shape), dtype=dtype, device="meta")
