"""From a simulated profile to a report: calls are costed, placed under the roofline, equal ones counted together."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata

from memprof._version import __version__
from memprof.calls import OperatorCall, Phase, extract_calls
from memprof.operators import registry
from memprof.operators.traffic import tensor_bytes
from memprof.profiles.memory import MemoryUse
from memprof.profiles.precision import get_precision
from memprof.profiles.simulated import Simulation
from memprof.report import (
    SCHEMA,
    Coverage,
    DeviceCeilings,
    Memory,
    OperatorRow,
    Report,
    ReportWarning,
    Totals,
    UnknownOperator,
    Workload,
)
from memprof.roofline.bounds import MEMORY_LEVELS
from memprof.roofline.points import HOST_SECONDS, CostedCall, RooflinePoint, place

_LOW_COVERAGE = 0.99
CONTEXT_BYTES = 600e6
"""What the CUDA context and loaded kernels occupy of the device's memory, about: nvidia-smi shows 400 to 800 MB for an
idle PyTorch process, depending on the GPU and the CUDA version."""


@dataclass(frozen=True, slots=True)
class CostedStep:
    """A step with the work of its calls: what can be held against any device. `unknown` calls nobody can cost."""

    costed: tuple[CostedCall, ...]
    unknown: tuple[OperatorCall, ...]
    parameters: int
    memory: MemoryUse


def cost_step(simulation: Simulation) -> CostedStep:
    """Cost the calls of a simulated step."""
    calls = extract_calls(simulation.profile, lambda name: registry.find(name) is not None)
    costed, unknown = cost_calls(calls)
    return CostedStep(tuple(costed), tuple(unknown), simulation.parameters, simulation.memory)


def assemble_report(step: CostedStep, workload: Workload, device: DeviceCeilings) -> Report:
    """Hold a costed step of `workload` against `device`."""
    points = place([item for item in step.costed if item.works], device, get_precision(workload.precision))
    rows = _rows(points)
    coverage = _coverage(step.costed, step.unknown)
    return Report(
        schema=SCHEMA,
        workload=workload,
        device=device,
        totals=_totals(points, workload, device, step.parameters),
        memory=_memory(step.memory, device),
        operators=tuple(rows),
        coverage=coverage,
        warnings=(*_assumptions(step.costed), *_warnings(coverage, device)),
        environment=environment(),
    )


def cost_calls(calls: Sequence[OperatorCall]) -> tuple[list[CostedCall], list[OperatorCall]]:
    """Return the calls that have a formula (or are declared free) with their work, and those that nobody can cost.

    A call whose profile lacks what its formula needs (LookupError) is one that nobody can cost.
    """
    costed: list[CostedCall] = []
    unknown: list[OperatorCall] = []
    for call in calls:
        operator = registry.find(call.name)
        if operator is None and registry.is_composite(call.name):
            costed.append(CostedCall(call, registry.Kind.LAYOUT, ()))
            continue
        try:
            if operator is None:
                raise LookupError(call.name)
            costed.append(CostedCall(call, operator.kind(call), operator.formula(call)))
        except LookupError:
            unknown.append(call)
    return costed, unknown


def _rows(points: Sequence[RooflinePoint]) -> list[OperatorRow]:
    groups: dict[tuple[object, ...], list[RooflinePoint]] = defaultdict(list)
    for point in points:
        call = point.costed.call
        shapes = tuple(tensor.shape for tensor in call.tensors())
        key = call.name, point.costed.kind, call.module, call.phase, shapes, _dtype(point), point.bound
        groups[key].append(point)
    return [_row(group) for group in groups.values()]


def _row(group: Sequence[RooflinePoint]) -> OperatorRow:
    first = group[0]
    call = first.costed.call
    works = [work for point in group for work in point.costed.works]
    flops = _sum(work.flops for work in works)
    dram, l2, l1 = (_sum(getattr(work, level).total_bytes for work in works) for level in MEMORY_LEVELS)
    least = sum(point.roofline_seconds for point in group)
    return OperatorRow(
        name=call.name,
        kind=str(first.costed.kind),
        module=call.module,
        phase=str(call.phase),
        input_shapes=tuple(tensor.shape for tensor in call.tensors()),
        dtype=_dtype(first),
        calls=len(group),
        flops=flops,
        dram_bytes=dram,
        l2_bytes=l2,
        l1_bytes=l1,
        intensity_dram=flops / dram if dram else None,
        intensity_l2=flops / l2 if l2 else None,
        intensity_l1=flops / l1 if l1 else None,
        engine=first.engine,
        bound=first.bound,
        attainable_flops_per_second=flops / least if least else 0.0,
        launches=sum(work.launches for work in works),
        seconds=_sum(point.seconds for point in group),
        roofline_seconds=_sum(point.roofline_seconds for point in group),
    )


def _dtype(point: RooflinePoint) -> str:
    tensors = point.costed.call.tensors()
    return tensors[0].dtype if tensors else point.costed.works[0].dtype


def _totals(points: Sequence[RooflinePoint], workload: Workload, device: DeviceCeilings, parameters: int) -> Totals:
    works = [work for point in points for work in point.costed.works]
    forward = [work for point in points if point.costed.call.phase is Phase.FORWARD for work in point.costed.works]
    launches = sum(work.launches for work in works)
    seconds, least = (_sum(getattr(point, name) for point in points) for name in ("seconds", "roofline_seconds"))
    return Totals(
        parameters=parameters,
        macs_per_image=_sum(work.macs for work in forward) / workload.batch_size,
        flops=_sum(work.flops for work in works),
        dram_bytes=_sum(work.dram.total_bytes for work in works),
        l2_bytes=_sum(work.l2.total_bytes for work in works),
        l1_bytes=_sum(work.l1.total_bytes for work in works),
        launches=launches,
        seconds=seconds,
        images_per_second=workload.batch_size / seconds if seconds else 0.0,
        roofline_seconds=least,
        roofline_images_per_second=workload.batch_size / least if least else 0.0,
        host_seconds=launches * device.achievable.get(HOST_SECONDS, 0.0),
    )


def _memory(use: MemoryUse, device: DeviceCeilings) -> Memory:
    capacity = device.memory_capacity_bytes
    return Memory(
        float(use.peak_bytes), float(use.parameters_bytes), float(use.gradients_bytes), float(use.optimizer_bytes),
        float(use.activations_bytes), None if capacity is None else use.peak_bytes + CONTEXT_BYTES <= capacity,
    )  # fmt: skip


def _sum(amounts: Iterable[float]) -> float:
    """Add up as a float always, so that a report reads back as exactly what was written."""
    return float(sum(amounts))


def _coverage(costed: Sequence[CostedCall], unknown: Sequence[OperatorCall]) -> Coverage:
    known_bytes = sum(work.dram.total_bytes for item in costed for work in item.works)
    sizes: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for call in unknown:
        counts[call.name] += 1
        sizes[call.name] += _sum(tensor_bytes(tensor) for tensor in call.tensors())
    all_calls, all_bytes = len(costed) + len(unknown), known_bytes + sum(sizes.values())
    return Coverage(
        calls=len(costed) / all_calls if all_calls else 1.0,
        bytes=known_bytes / all_bytes if all_bytes else 1.0,
        free_calls=sum(not item.works for item in costed),
        unknown=tuple(UnknownOperator(name, count, sizes[name]) for name, count in counts.most_common()),
    )


def _warnings(coverage: Coverage, device: DeviceCeilings) -> list[ReportWarning]:
    warnings = []
    if coverage.unknown:
        names = ", ".join(item.name for item in coverage.unknown[:5])
        severity = "low-coverage" if coverage.bytes < _LOW_COVERAGE else "unknown-operators"
        warnings.append(ReportWarning(
            severity, f"{len(coverage.unknown)} operators have no formula and are in no total: {names}",
            "read the totals as lower bounds; `coverage` lists these operators",
        ))  # fmt: skip
    for level in MEMORY_LEVELS:
        if level not in device.memory_bytes_per_second:
            warnings.append(ReportWarning(
                f"no-{level}-bandwidth",
                f"{device.name} has no {level.upper()} bandwidth figure, so that level bounds nothing",
                "give a device file with the figure: --device FILE",
            ))  # fmt: skip
    return warnings


def _assumptions(costed: Sequence[CostedCall]) -> list[ReportWarning]:
    """Say what was assumed where the profile did not record an argument."""
    calls = Counter(work.assumed for item in costed for work in item.works[:1] if work.assumed)
    return [
        ReportWarning("inferred-arguments", f"{count} calls: {assumption}", "record the profile with a newer torch")
        for assumption, count in calls.items()
    ]


def environment() -> dict[str, str]:
    """Return the versions of what made the report."""
    versions = {name: metadata.version(name) for name in ("torch", "fvcore")}
    return {"memprof": __version__, "python": platform.python_version(), "platform": platform.system(), **versions}
