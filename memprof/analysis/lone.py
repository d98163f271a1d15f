"""One operator alone: a training step of it simulated, and on request really timed, forward and backward apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from memprof.analysis.simulated import analyze_on
from memprof.errors import ModelError, WorkloadError
from memprof.models import NamedModel, lone
from memprof.models.lone import OPERATORS, Setting
from memprof.profiles.task import Task
from memprof.tensors.inputs import Inputs, InputSpec
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CHANNELS_LAST, CPU, TRAIN

if TYPE_CHECKING:
    import torch
    from torch import nn

    from memprof.devices.record import Device
    from memprof.report.record import Report

_SECONDS = 0.5
"""How long forward and backward are timed, each."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is studied: how it is built, what it is called with, and what reports call it."""

    name: str
    build: Callable[[], nn.Module]
    inputs: Inputs


def of_setting(setting: Setting) -> Subject:
    """Return the operator of a setting as something to analyse."""

    def build() -> nn.Module:
        from memprof.models import lone_modules

        return lone_modules.build(setting)

    return Subject(setting.operator, build, Inputs((InputSpec(setting.shape),)))


def of_name(name: str, inputs: Inputs) -> Subject:
    """Return what a model's name stands for, called with inputs."""
    named = NamedModel(name)
    return Subject(named.name, lambda: named.build(None), inputs)


def simulate_alone(subject: Subject, device: str | Path | Device, **settings: Any) -> Report:
    """Return the report of a training step of the operator, whose rows are those of the module `operator`.

    Its input is what a layer before it has just written, as inside a network; `settings` are those of `analyze_on`.
    """
    from memprof.models.lone_modules import Alone, loss

    def build() -> nn.Module:
        return Alone(subject.build())

    build.__qualname__ = subject.name
    task = Task(subject.inputs, loss)
    return analyze_on(build, [device], task=task, phase=TRAIN, **settings)[0]


def check_timing(kind: str, precision: str) -> None:
    """Raise DeviceError where there is no such device here, WorkloadError where it does not compute in `precision`."""
    if kind == CPU and get_precision(precision).tf32:
        raise WorkloadError(f"a CPU does not compute in {precision}", "measure with --precision fp32, bf16 or amp-bf16")
    from memprof.profiles.run.machine import find_machine

    find_machine(kind)


def time_alone(subject: Subject, kind: str, precision: str, layout: str) -> tuple[float, float | None]:
    """Return the median seconds of forward and backward on this machine, `kind` being "cpu" or "cuda".

    None for a backward that does not exist. Call `check_timing` first.
    """
    import torch

    from memprof.models.lone_modules import loss
    from memprof.profiles.run.timer import CudaTimer, HostTimer, Plan

    policy = get_precision(precision)
    storage = getattr(torch, policy.storage)
    module = subject.build().to(kind, storage).train()
    args = tuple(_tensor(item, kind, storage, layout) for item in subject.inputs.args)
    named = {name: _tensor(item, kind, storage, layout) for name, item in subject.inputs.kwargs.items()}
    if layout == CHANNELS_LAST:
        module = module.to(memory_format=torch.channels_last)
    wanted = [item for item in (*args, *named.values(), *module.parameters()) if getattr(item, "requires_grad", False)]
    timer = HostTimer() if kind == CPU else CudaTimer()
    plan = replace(Plan(), seconds=_SECONDS)
    lower = None if policy.autocast is None else getattr(torch, policy.autocast)

    def forward() -> Any:
        with torch.autocast(kind, dtype=lower, enabled=lower is not None):
            return module(*args, **named)

    tf32 = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = policy.tf32
    try:
        for _ in range(plan.warm_up):
            output = forward()
        forwards = plan.time(timer, forward)
        if not wanted or not loss(output).requires_grad:
            return median(forwards), None
        backwards: list[float] = []
        while len(backwards) < plan.most and (len(backwards) < plan.least or sum(backwards) < plan.seconds):
            backwards.append(timer.time(_backward(forward(), wanted)))
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = tf32
    return median(forwards), median(backwards)


def _backward(output: Any, wanted: list[torch.Tensor]) -> Callable[[], object]:
    import torch

    leaves = output if isinstance(output, (tuple, list)) else output.values() if isinstance(output, dict) else [output]
    outputs = [item for item in leaves if isinstance(item, torch.Tensor) and item.requires_grad]
    grads = [torch.ones_like(item) for item in outputs]
    return lambda: torch.autograd.grad(outputs, wanted, grads, allow_unused=True)


def _tensor(item: Any, kind: str, storage: torch.dtype, layout: str) -> Any:
    import torch

    if not isinstance(item, InputSpec):
        return item
    dtype = getattr(torch, item.dtype)
    if not dtype.is_floating_point:
        return torch.zeros(item.shape, dtype=dtype, device=kind)
    value = torch.randn(item.shape, device=kind, dtype=storage)
    if layout == CHANNELS_LAST and value.dim() == 4:
        value = value.contiguous(memory_format=torch.channels_last)
    return value.requires_grad_()


def plan_study(
    operator: str, asked: Mapping[str, str], inputs: Inputs | None
) -> tuple[lone.Plan, tuple[Subject, ...], str]:
    """Return the study of an operator for parameters as text, what there is to analyse, and its inputs as text.

    A model of one's own takes `inputs`, over batch sizes. ModelError where these do not go together.
    """
    if operator.strip().lower() in OPERATORS or (inputs is None and not set(operator) & set(":./")):
        if inputs is not None:
            raise ModelError(
                f"{operator} makes inputs of its own", "leave --input out, and give its parameters, such as --channels"
            )
        plan = lone.plan(operator, asked)
        return plan, tuple(map(of_setting, plan.settings)), ""
    if wrong := [name for name in asked if name != lone.BATCH_SIZE]:
        raise ModelError(
            f"{operator} has no {wrong[0].replace('_', ' ')} that memprof knows of",
            "give its arguments in its name (`net.py:build:width=32`) and its shapes with --input",
        )
    if inputs is None:
        raise ModelError(f"{operator} is called with something", "say with what: --input 128x96x56x56")
    return _plan_model(operator, inputs, asked.get(lone.BATCH_SIZE))


def _plan_model(name: str, inputs: Inputs, batch_sizes: str | None) -> tuple[lone.Plan, tuple[Subject, ...], str]:
    sizes = (inputs.batch_size,) if batch_sizes is None else lone.read_values(lone.BATCH_SIZE, batch_sizes)
    lone.check_varied({lone.BATCH_SIZE: sizes}, most=1)
    subjects = tuple(of_name(name, inputs.with_batch(size)) for size in sizes)
    shown, several = subjects[0].name, ((lone.BATCH_SIZE, sizes),) if len(sizes) > 1 else ()
    settings = tuple(Setting(shown, ((lone.BATCH_SIZE, size),), ()) for size in sizes)
    plan = lone.Plan(shown, shown, several, () if several else ((lone.BATCH_SIZE, sizes[0]),), settings)
    return plan, subjects, str(inputs)


def study_alone(
    subject: Subject, device: str | Path | Device, measured_on: str | None, settings: Mapping[str, Any]
) -> tuple[Report, tuple[float, float | None] | None]:
    """Return the report of the operator, and, with `measured_on`, its seconds here; `check_timing` comes first."""
    report = simulate_alone(subject, device, **settings)
    if measured_on is None:
        return report, None
    usual = "fp32" if measured_on == CPU else report.workload.precision
    return report, time_alone(subject, measured_on, settings["precision"] or usual, settings["layout"])
