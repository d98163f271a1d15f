"""Measuring in one call: a model really runs, and its operators are held against the roofs of what ran them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from memprof import devices, models
from memprof.analysis.simulated import callable_name
from memprof.devices.ceilings import ceilings, default_precision
from memprof.errors import DeviceError, ModelError, WorkloadError
from memprof.report.record import DeviceCeilings, Report, Workload
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CPU
from memprof.workload import CUDA, DEFAULT_LAYOUT, DEFAULT_RUN_BATCH_SIZES, DEFAULT_WARM_UP, check_workload

if TYPE_CHECKING:
    from torch import nn

    from memprof.devices.record import Device
    from memprof.profiles.memory import MemoryUse

_MOST_REPEATS = 10_000


def measure(
    model: str | Callable[[], nn.Module],
    *,
    device: str = CPU,
    roof: str | Path | None = None,
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: str = "infer",
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    warm_up: int = DEFAULT_WARM_UP,
    repeat: int | None = None,
    compiled: bool = False,
) -> Report:
    """Run steps of a model on `device`, "cpu" or "cuda", and report how long its operators took.

    The model has random weights, or those that the function gives it, which training changes; images are noise. `roof`
    is the device that operators are held against, a name or a file: by default `host`, which `memprof calibrate` makes,
    or the GPU by the name that CUDA reports. `batch_size` defaults to 8 on a CPU and 128 on a GPU; `precision` to fp32
    on a CPU, and on a GPU to what fp32 tensors run as there. `repeat` steps are timed one by one, by default for three
    seconds and at least six; then some with the profiler. `compiled` runs the model through torch.compile. The rest is
    as in `memprof.analyze`.

    Raises WorkloadError, ModelError or DeviceError, each with what to do about it.
    """
    _check(device, warm_up, repeat)
    name = models.canonical_name(model) if isinstance(model, str) else callable_name(model)
    batch_size = DEFAULT_RUN_BATCH_SIZES[device] if batch_size is None else batch_size
    wanted = models.DEFAULT_RESOLUTION if resolution is None else resolution
    check_workload(batch_size=batch_size, resolution=wanted, phase=phase, precision=precision or "fp32", layout=layout)
    if device == CPU:
        _check_cpu_precision(precision)
    target = _host_roof(roof) if device == CPU else devices.get(roof) if roof is not None else None
    if target is not None:
        _under(target, device, precision)
    # Torch is met only from here on, so that a mistake above is told at once.
    from memprof.analysis.run_record import report_of
    from memprof.profiles.run.machine import find_machine
    from memprof.profiles.run.measured import check_room, run_model
    from memprof.profiles.run.timer import Plan

    machine = find_machine(device)
    target = target or _gpu_roof(machine.name)
    chosen, roofs = _under(target, device, precision)
    if resolution is None and isinstance(model, str):
        wanted = models.default_resolution(model)
    workload = Workload(name, batch_size, wanted, phase, chosen, layout)

    def build() -> nn.Module:
        return models.create_model(model) if isinstance(model, str) else model()

    memory = _simulated_memory(build, workload)
    if memory is not None:
        check_room(memory.peak_bytes, machine, name, batch_size)
    run = run_model(
        build,
        machine,
        batch_size=batch_size,
        resolution=wanted,
        training=phase == "train",
        precision=get_precision(chosen),
        channels_last=layout == "channels-last",
        plan=Plan.of(warm_up, repeat),
        compiled=compiled,
        name=name,
    )
    return report_of(run, machine, workload, roofs, memory, target.get("thread_count"))


def _check(device: str, warm_up: int, repeat: int | None) -> None:
    if device not in (CPU, CUDA):
        raise WorkloadError(f"cannot measure on {device!r}", "measure on cpu or cuda")
    for what, value, least in (("warm-up steps", warm_up, 0), ("repetitions", repeat, 1)):
        if value is not None and not least <= value <= _MOST_REPEATS:
            raise WorkloadError(f"{value} {what} are out of range", f"give a number from {least} to {_MOST_REPEATS}")


def _check_cpu_precision(precision: str | None) -> None:
    if precision is not None and get_precision(precision).tf32:
        raise WorkloadError(f"a CPU does not compute in {precision}", "use --precision fp32, bf16 or amp-bf16")


def _under(target: Device, device: str, precision: str | None) -> tuple[str, DeviceCeilings]:
    """Return the precision that is run, and the ceilings of `target` for it."""
    chosen = precision or ("fp32" if device == CPU else default_precision(target))
    return chosen, ceilings(target, chosen)


def _host_roof(roof: str | Path | None) -> Device:
    if roof is not None:
        return devices.get(roof)
    try:
        return devices.get(devices.HOST)
    except DeviceError as error:
        raise DeviceError(
            f"the ceilings of this CPU are not known: {error.what}",
            "run `memprof calibrate`, which takes a minute, or describe the CPU in a device file and "
            "name that with --roof",
        ) from error


def _gpu_roof(name: str) -> Device:
    try:
        return devices.get(name)
    except DeviceError as error:
        raise DeviceError(
            f"memprof does not know the GPU {name!r}",
            "name one like it, or a file that describes it, with --roof; or run `memprof calibrate "
            f"--device cuda` and take --roof {devices.HOST_CUDA}",
        ) from error


def _simulated_memory(build: Callable[[], nn.Module], workload: Workload) -> MemoryUse | None:
    """Return the memory that the step needs, from a simulated run; None for a model that only runs for real."""
    from memprof.profiles.simulated import simulate

    try:
        simulation = simulate(
            build,
            batch_size=workload.batch_size,
            resolution=workload.pixels,
            training=workload.phase == "train",
            precision=get_precision(workload.precision),
            channels_last=workload.layout == "channels-last",
            name=workload.model,
        )
    except ModelError:
        return None
    return simulation.memory
