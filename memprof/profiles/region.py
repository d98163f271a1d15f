"""A profile of whatever code runs meanwhile, on the meta device or for real: for steps that are no single module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.profiler import profile
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from memprof.errors import WorkloadError
from memprof.profiles.kineto import read_events
from memprof.profiles.memory import MemoryMeter
from memprof.profiles.meta.known_values import KnownValues
from memprof.profiles.meta.mode import MetaRules
from memprof.profiles.meta_copy import meta_copy, tensors_of, unwrap
from memprof.profiles.randomness import Seeded
from memprof.profiles.records import MODULE_PREFIX, PHASE_PREFIX, Profile
from memprof.profiles.scopes import record_scope
from memprof.profiles.simulated import Simulation, front_end, uncompiled
from memprof.tensors.precision import Precision
from memprof.vocabulary import Phase


class Region:
    """While entered, everything that runs is profiled; `simulation` is what was seen, once it has been left.

    With `real` it runs as it would anyway, but that torch.compile compiles nothing. Without it tensors are made
    on the meta device, nothing is computed, and a real tensor of numbers is an error.
    """

    simulation: Simulation

    def __init__(self, precision: Precision, *, real: bool) -> None:
        self._precision, self._real = precision, real
        self._stack = ExitStack()
        self._modules = _Modules()
        self._meter = MemoryMeter()

    def __enter__(self) -> Region:
        values = KnownValues()
        self._rules = _OnlyMeta(self._meter, values)
        with ExitStack() as stack:
            if self._real:
                stack.enter_context(uncompiled())
            else:
                stack.enter_context(Seeded())
            self._profiler = stack.enter_context(profile(use_kineto=True, record_shapes=True))
            if not self._real:
                stack.enter_context(self._rules)
                stack.enter_context(front_end(self._precision, values))
                stack.enter_context(_foreach_on_meta())
            stack.enter_context(self._modules)
            stack.enter_context(_optimizer_scopes())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)
        if error[0] is not None:
            return
        events = read_events(self._profiler.kineto_results)
        roots = self._modules.roots
        parameters = {id(tensor): tensor for root in roots for tensor in root.parameters()}
        memory = self._meter.use(
            parameters=self._meter.serials(tensor for root in roots for tensor in tensors_of(root)),
            gradients=self._meter.serials(tensor.grad for tensor in parameters.values()),
            optimizer=self._meter.serials(()),
        )
        count = sum(tensor.numel() for tensor in parameters.values())
        kept, guesses = dict(self._rules.kept), self._rules.guesses
        self.simulation = Simulation(Profile(events), count, memory, kept_all=kept, guesses=guesses)


def on_meta(value: Any) -> Any:
    """Return a copy on the meta device of a model, a tensor, or tuples, lists and dicts of them."""
    if isinstance(value, nn.Module):
        return meta_copy(unwrap(value)[0])
    if isinstance(value, Tensor):
        like = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
        return like.requires_grad_(value.requires_grad) if value.requires_grad else like
    if isinstance(value, Mapping):
        return {name: on_meta(item) for name, item in value.items()}
    return type(value)(map(on_meta, value)) if type(value) in (tuple, list) else value


class _OnlyMeta(MetaRules):  # type: ignore[no-untyped-call]
    """Rules that refuse real tensors: they would answer for them, and the code goes on with tensors without numbers."""

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        for value in args:
            if isinstance(value, Tensor) and not value.is_meta and value.dim() and value.is_floating_point():
                raise WorkloadError(
                    f"a real tensor of {'x'.join(map(str, value.shape))} meets a simulated step in {func}",
                    "make it inside the block, put it on meta with on_meta(...), or run for real with real=True",
                )
        return super().__torch_dispatch__(func, types, args, kwargs)


class _Modules:
    """While entered, every module's forward is a scope, named by the outermost module's class and the path in it."""

    def __init__(self) -> None:
        self.roots: list[nn.Module] = []
        self._names: dict[int, str] = {}
        self._running: list[Any] = []

    def __enter__(self) -> None:
        self._handles = [register_module_forward_pre_hook(self._begin), register_module_forward_hook(self._end)]

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()
        while self._running:
            self._running.pop().__exit__(None, None, None)

    def _begin(self, module: nn.Module, inputs: object) -> None:
        if not self._running and all(module is not root for root in self.roots):
            self.roots.append(module)
            head = type(module).__name__
            for path, part in module.named_modules():
                self._names.setdefault(id(part), f"{head}.{path}".rstrip("."))
        scope = record_scope(MODULE_PREFIX + self._names.get(id(module), type(module).__name__))
        scope.__enter__()
        self._running.append(scope)

    def _end(self, module: nn.Module, inputs: object, output: object) -> None:
        self._running.pop().__exit__(None, None, None)


@contextmanager
def _optimizer_scopes() -> Iterator[None]:
    """Record what torch's optimizers do in step() as that phase; their own scope is one that modes see."""
    running: list[Any] = []

    def begin(*step: Any) -> None:
        running.append(record_scope(PHASE_PREFIX + Phase.OPTIMIZER))
        running[-1].__enter__()

    def end(*step: Any) -> None:
        running.pop().__exit__(None, None, None)

    handles = register_optimizer_step_pre_hook(begin), register_optimizer_step_post_hook(end)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _foreach_on_meta() -> Iterator[None]:
    """Let optimizers update all parameters at once, as they do on CUDA."""
    from torch.optim import optimizer

    name = "_get_foreach_kernels_supported_devices"
    before = getattr(optimizer, name, None)
    if before is None:
        yield
        return
    setattr(optimizer, name, lambda: [*before(), "meta"])
    try:
        yield
    finally:
        setattr(optimizer, name, before)
