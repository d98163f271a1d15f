"""The whole pipeline in one call: a model becomes a simulated profile, operator calls, work, a roofline, a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memprof import devices
from memprof.analysis.subject import Subject, image_size, subject_of, task_of
from memprof.devices import hosts
from memprof.devices.ceilings import ceilings, default_precision
from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import WorkloadError
from memprof.profiles.task import IMAGES, MakeOptimizer, Task
from memprof.report.record import Report, Workload
from memprof.tensors.inputs import read_inputs
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import CHANNELS_LAST, INFER, SGD, TRAIN
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT, check_workload

if TYPE_CHECKING:
    from torch import Tensor, nn

    from memprof.analysis.elsewhere import Held
    from memprof.devices.hosts import Host
    from memprof.devices.record import Device
    from memprof.profiles.simulated import Simulation


def analyze(
    model: str | nn.Module | Callable[[], nn.Module],
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: str | MakeOptimizer = SGD,
    device: str | Path | Device = "a100",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: str = INFER,
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    host: str | Path | Host = DEFAULT_HOST,
    stack: str = "",
) -> Report:
    """Analyse one step of a model on a device that need not be there: `memprof.analyze`, which says more."""
    (report,) = analyze_on(
        model,
        [device],
        task=Task(read_inputs(inputs, kwargs), loss, optimizer),
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
    model: str | nn.Module | Callable[[], nn.Module], targets: Sequence[str | Path | Device], **settings: Any
) -> list[Report]:
    """Analyse one step of a model on several devices; it is simulated once for each precision. See `analyze`.

    `settings` are those of `hold_on`.
    """
    return [item.report for item in hold_on(model, targets, **settings)]


def hold_on(
    model: str | nn.Module | Callable[[], nn.Module],
    targets: Sequence[str | Path | Device],
    *,
    task: Task = IMAGES,
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: str = INFER,
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    host: str | Path | Host = DEFAULT_HOST,
    stack: str = "",
) -> list[Held]:
    """Do as `analyze_on`, and return with each report the step that it was made of."""
    records = [devices.get(target) if isinstance(target, (str, Path)) else target for target in targets]
    costs = hosts.costs(hosts.get(host) if isinstance(host, (str, Path)) else host)
    subject, ran_on = subject_of(model), parse_stack(stack)
    task = task_of(subject, task, batch_size, resolution)
    asked = replace(requested(subject, task, batch_size, resolution, phase, layout), stack=ran_on.text)
    workloads = [in_precision(asked, precision or default_precision(record)) for record in records]
    roofs = [ceilings(record, workload.precision, costs) for record, workload in zip(records, workloads, strict=True)]
    # Torch is met only from here on, so that a mistake above is told at once.
    from memprof.analysis.assembly import assemble_report, cost_step
    from memprof.analysis.building import Built
    from memprof.analysis.elsewhere import Held
    from memprof.profiles.stack_settings import stack_settings

    steps = {}
    chosen = precision
    with stack_settings(ran_on):
        built = Built(subject.sized(image_size(task.inputs, asked.resolution)))
        if precision is None and built.precision:
            workloads = [in_precision(asked, built.precision)] * len(records)
            roofs = [ceilings(record, built.precision, costs) for record in records]
            chosen = built.precision
        for workload in dict.fromkeys(workloads):
            built.check_precision(workload.precision)
            steps[workload] = cost_step(simulate_built(built.take, workload, task), built.remarks)
    return [
        Held(assemble_report(steps[workload], workload, roof), steps[workload], costs, chosen)
        for workload, roof in zip(workloads, roofs, strict=True)
    ]


def requested(
    subject: Subject, task: Task, batch_size: int | None, resolution: int | None, phase: str, layout: str
) -> Workload:
    """Return what is asked for, apart from its precision; WorkloadError where it contradicts itself."""
    given = task.inputs
    if given is not None and resolution is not None:
        raise WorkloadError("the inputs have a resolution of their own", "leave resolution out, or the inputs")
    batch = batch_size if batch_size is not None else given.batch_size if given else DEFAULT_BATCH_SIZE
    pixels = given.resolution if given else subject.resolution if resolution is None else resolution
    text, optimizer = str(given) if given else "", task.optimizer_name if phase == TRAIN else SGD
    return Workload(subject.name, batch, pixels, phase, "", layout, inputs=text, optimizer=optimizer)


def in_precision(workload: Workload, precision: str) -> Workload:
    """Return the workload in a precision; WorkloadError unless that can be analysed."""
    check_workload(
        batch_size=workload.batch_size,
        resolution=workload.resolution,
        phase=workload.phase,
        precision=precision,
        layout=workload.layout,
    )
    return replace(workload, precision=precision)


def simulate_model(
    model: str | nn.Module | Callable[[], nn.Module], workload: Workload, task: Task = IMAGES
) -> Simulation:
    """Simulate one step of `workload`; ModelError where the model cannot be built or does not run on meta.

    It runs on the task's inputs, else on images, or on the example inputs of a user's code.
    """
    subject = subject_of(model)
    return simulate_subject(subject, workload, task_of(subject, task, workload.batch_size, workload.resolution))


def simulate_subject(subject: Subject, workload: Workload, task: Task = IMAGES) -> Simulation:
    """Simulate one step; ModelError where the subject cannot be built or does not run on meta."""
    from memprof.analysis.building import Built
    from memprof.profiles.stack_settings import stack_settings

    with stack_settings(parse_stack(workload.stack)):
        built = Built(subject.sized(image_size(task.inputs, workload.resolution)))
        return simulate_built(built.take, workload, task)


def simulate_built(build: Callable[[], nn.Module], workload: Workload, task: Task) -> Simulation:
    """Simulate one step of the model that `build` returns, the stack being set."""
    from memprof.profiles.simulated import simulate

    simulation = simulate(
        build,
        batch_size=workload.batch_size,
        resolution=workload.resolution or 0,
        training=workload.phase == TRAIN,
        precision=get_precision(workload.precision),
        channels_last=workload.layout == CHANNELS_LAST,
        name=workload.model,
        task=task,
    )
    return replace(simulation, profile=replace(simulation.profile, stack=parse_stack(workload.stack)))
