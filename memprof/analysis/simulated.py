"""The whole pipeline in one call: a model becomes a simulated profile, operator calls, work, a roofline, a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from memprof import devices, models
from memprof.devices import hosts
from memprof.devices.ceilings import ceilings, default_precision
from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import ModelError
from memprof.report.record import Report, Workload
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import CHANNELS_LAST, INFER, TRAIN
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT, check_workload

if TYPE_CHECKING:
    from torch import nn

    from memprof.devices.hosts import Host
    from memprof.devices.record import Device
    from memprof.profiles.simulated import Simulation


def analyze(
    model: str | Callable[[], nn.Module],
    *,
    device: str | Path | Device = "a100",
    batch_size: int = DEFAULT_BATCH_SIZE,
    resolution: int | None = None,
    phase: str = INFER,
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    host: str | Path | Host = DEFAULT_HOST,
    stack: str = "",
) -> Report:
    """Analyse one step of a model on a device that need not be there.

    `model` is a name or spec (see memprof.models.create_model) or a function that builds a torch.nn.Module whose
    forward takes images (batch, 3, resolution, resolution). `device` is a name of the catalogue or the path of a device
    file. `resolution` defaults to the model's own (mostly 224). `phase` is "infer" (forward) or "train" (forward,
    cross-entropy, backward, SGD step). `precision` is one of memprof.tensors.precision.PRECISIONS; it defaults to tf32
    where the device has it, else fp32. `layout` is "channels-last" or "channels-first". `host` is what launches the
    kernels: a name of `memprof devices --hosts`, or the path of a host file; "cuda-graphs" takes the host away.
    `stack` is what the step runs on where that is not today's PyTorch: "torch 1.13", "torch 2.4, attention in steps"
    (see memprof.tensors.stack.parse_stack).

    Raises WorkloadError, ModelError or DeviceError, each with what to do about it.
    """
    (report,) = analyze_on(
        model,
        [device],
        batch_size=batch_size,
        resolution=resolution,
        phase=phase,
        precision=precision,
        layout=layout,
        host=host,
        stack=stack,
    )
    return report


def analyze_on(
    model: str | Callable[[], nn.Module],
    targets: Sequence[str | Path | Device],
    *,
    batch_size: int = DEFAULT_BATCH_SIZE,
    resolution: int | None = None,
    phase: str = INFER,
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    host: str | Path | Host = DEFAULT_HOST,
    stack: str = "",
) -> list[Report]:
    """Analyse one step of a model on several devices; it is simulated once for each precision. See `analyze`."""
    records = [devices.get(target) if isinstance(target, (str, Path)) else target for target in targets]
    costs = hosts.costs(hosts.get(host) if isinstance(host, (str, Path)) else host)
    name, ran_on = model_name(model), parse_stack(stack).text
    if resolution is None:
        resolution = models.default_resolution(model) if isinstance(model, str) else models.DEFAULT_RESOLUTION
    workloads = []
    for record in records:
        chosen = precision or default_precision(record)
        check_workload(batch_size=batch_size, resolution=resolution, phase=phase, precision=chosen, layout=layout)
        workloads.append(Workload(name, batch_size, resolution, phase, chosen, layout, stack=ran_on))
    roofs = [ceilings(record, workload.precision, costs) for record, workload in zip(records, workloads, strict=True)]
    # Torch is met only from here on, so that a mistake above is told at once.
    from memprof.analysis.assembly import assemble_report, cost_step

    steps = {workload: cost_step(simulate_model(model, workload)) for workload in dict.fromkeys(workloads)}
    return [assemble_report(steps[workload], workload, roof) for workload, roof in zip(workloads, roofs, strict=True)]


def simulate_model(model: str | Callable[[], nn.Module], workload: Workload) -> Simulation:
    """Simulate one step of `workload`; ModelError where the model cannot be built or does not run on meta."""
    from memprof.profiles.simulated import simulate
    from memprof.profiles.stack_settings import stack_settings

    stack = parse_stack(workload.stack)
    with stack_settings(stack):
        simulation = simulate(
            builder_of(model),
            batch_size=workload.batch_size,
            resolution=workload.pixels,
            training=workload.phase == TRAIN,
            precision=get_precision(workload.precision),
            channels_last=workload.layout == CHANNELS_LAST,
            name=workload.model,
        )
    return replace(simulation, profile=replace(simulation.profile, stack=stack))


def builder_of(model: str | Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Return the function that builds a model, which is given by name or as that function."""
    return (lambda: models.create_model(model)) if isinstance(model, str) else model


def model_name(model: object) -> str:
    """Return what a report calls a model; ModelError where it is neither a known name nor a function."""
    if isinstance(model, str):
        return models.canonical_name(model)
    if not callable(model) or hasattr(model, "named_modules"):
        raise ModelError(
            f"a model is a name or a function that builds it, not a {type(model).__name__}",
            "pass a function that returns it: analyze(lambda: model)",
        )
    name = getattr(model, "__qualname__", type(model).__name__)
    return f"{getattr(model, '__module__', '')}:{name}".removeprefix(":")
