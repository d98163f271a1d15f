"""Measuring in one call: a model really runs, and its operators are held against the roofs of what ran them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memprof import devices
from memprof.analysis.simulated import requested, simulate_subject
from memprof.analysis.subject import Subject, image_size, subject_of, task_of
from memprof.devices.ceilings import ceilings, default_precision
from memprof.devices.hosts import default_costs
from memprof.devices.reported import identify
from memprof.errors import DeviceError, ModelError, WorkloadError
from memprof.profiles.task import MakeOptimizer, Task
from memprof.report.record import Report, Workload
from memprof.tensors.inputs import read_inputs
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CHANNELS_LAST, CPU, INFER, SGD, TRAIN
from memprof.workload import CUDA, DEFAULT_LAYOUT, DEFAULT_RUN_BATCH_SIZES, DEFAULT_WARM_UP, check_workload

if TYPE_CHECKING:
    from torch import Tensor, nn

    from memprof.devices.record import Device
    from memprof.profiles.memory import MemoryUse
    from memprof.profiles.run.machine import Machine
    from memprof.profiles.run.measured import Run
    from memprof.profiles.run.timer import Plan

_MOST_REPEATS = 10_000


def measure(
    model: str | nn.Module | Callable[[], nn.Module],
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: str | MakeOptimizer = SGD,
    device: str = CPU,
    roof: str | Path | None = None,
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: str = INFER,
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    warm_up: int = DEFAULT_WARM_UP,
    repeat: int | None = None,
    compiled: bool = False,
) -> Report:
    """Run steps of a model here and report how long its operators took: `memprof.measure`, which says more."""
    _check_steps(device, warm_up, repeat)
    subject = subject_of(model)
    task = task_of(subject, Task(read_inputs(inputs, kwargs), loss, optimizer), batch_size, resolution)
    workload = _requested_workload(subject, task, device, batch_size, resolution, phase, precision, layout)
    subject = subject.sized(image_size(task.inputs, workload.resolution))
    target = _find_roof(device, roof)
    if target is not None:
        ceilings(target, _choose_precision(target, device, precision))
    # Torch is met only from here on, so that a mistake above is told at once.
    from memprof.analysis.run_report import analyze_run
    from memprof.profiles.run.machine import find_machine
    from memprof.profiles.run.timer import Plan

    machine = find_machine(device)
    target = target or _gpu_roof(machine)
    workload = replace(workload, precision=_choose_precision(target, device, precision))
    roofs = ceilings(target, workload.precision, default_costs())
    memory = _simulated_memory(subject, task, workload)
    run = _run(subject, task, workload, machine, memory, Plan.of(warm_up, repeat), compiled)
    return analyze_run(run, machine, workload, roofs, memory, target.get("thread_count"))


def _requested_workload(
    subject: Subject,
    task: Task,
    device: str,
    batch_size: int | None,
    resolution: int | None,
    phase: str,
    precision: str | None,
    layout: str,
) -> Workload:
    """Return what is asked for, checked, before it is known which precision is the default."""
    if batch_size is None and task.inputs is None:
        batch_size = DEFAULT_RUN_BATCH_SIZES[device]
    workload = requested(subject, task, batch_size, resolution, phase, layout)
    workload = replace(workload, precision=precision or "fp32")
    check_workload(
        batch_size=workload.batch_size,
        resolution=workload.resolution,
        phase=phase,
        precision=workload.precision,
        layout=layout,
    )
    if device == CPU and get_precision(workload.precision).tf32:
        raise WorkloadError(f"a CPU does not compute in {precision}", "use precision fp32, bf16 or amp-bf16")
    return workload


def _run(
    subject: Subject,
    task: Task,
    workload: Workload,
    machine: Machine,
    memory: MemoryUse | None,
    plan: Plan,
    compiled: bool,
) -> Run:
    """Run the model, unless it is known to need more memory than there is."""
    from memprof.profiles.run.measured import check_room, run_model

    if memory is not None:
        check_room(memory.peak_bytes, machine, workload.model, workload.batch_size)
    return run_model(
        subject.build,
        machine,
        batch_size=workload.batch_size,
        resolution=workload.resolution or 0,
        training=workload.phase == TRAIN,
        precision=get_precision(workload.precision),
        channels_last=workload.layout == CHANNELS_LAST,
        plan=plan,
        compiled=compiled,
        name=workload.model,
        task=task,
        held=subject.instance is not None,
    )


def _check_steps(device: str, warm_up: int, repeat: int | None) -> None:
    if device not in (CPU, CUDA):
        raise WorkloadError(f"cannot measure on {device!r}", "measure on cpu or cuda")
    for what, value, least in (("warm-up steps", warm_up, 0), ("repetitions", repeat, 1)):
        if value is not None and not least <= value <= _MOST_REPEATS:
            raise WorkloadError(f"{value} {what} are out of range", f"give a number from {least} to {_MOST_REPEATS}")


def _choose_precision(target: Device, device: str, precision: str | None) -> str:
    return precision or ("fp32" if device == CPU else default_precision(target))


def _find_roof(device: str, roof: str | Path | None) -> Device | None:
    """Return the roof, None where it is that of a GPU which torch has yet to name."""
    if roof is not None:
        return devices.get(roof)
    return _host_roof() if device == CPU else None


def _host_roof() -> Device:
    try:
        return devices.get(devices.HOST)
    except DeviceError as error:
        raise DeviceError(
            f"the ceilings of this CPU are not known: {error.what}",
            "run `memprof calibrate`, which takes a minute, or describe the CPU in a device file and "
            "name that with --roof",
        ) from error


def _gpu_roof(machine: Machine) -> Device:
    try:
        return identify(machine.name, machine.sm_count, machine.memory_bytes)
    except DeviceError as error:
        raise DeviceError(
            f"the GPU here is {error.what}",
            "name one like it, or a file that describes it, with --roof; or run `memprof calibrate "
            f"--device cuda` and take --roof {devices.HOST_CUDA}",
        ) from error


def _simulated_memory(subject: Subject, task: Task, workload: Workload) -> MemoryUse | None:
    """Return the memory that the step needs, from a simulated run; None for a model that only runs for real."""
    try:
        return simulate_subject(subject, workload, task).memory
    except ModelError:
        return None
