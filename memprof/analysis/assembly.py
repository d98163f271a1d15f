"""From a profile to a report: calls are costed, placed under the roofline, equal ones counted together."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata

from memprof._version import __version__
from memprof.analysis.missing_arguments import complete
from memprof.analysis.rows import Clock, add_up, assumption_of, bytes_by_level, idle_rows, rows_of
from memprof.calls import OperatorCall, extract_calls
from memprof.devices.errors import network_error, operator_error
from memprof.operators import registry
from memprof.operators.traffic import tensor_bytes
from memprof.profiles.memory import MemoryUse
from memprof.profiles.records import Profile
from memprof.profiles.simulated import CHANGES_REMEDY, Simulation
from memprof.report.record import (
    SCHEMA,
    Coverage,
    DeviceCeilings,
    Memory,
    MemoryMoment,
    OperatorRow,
    Report,
    ReportWarning,
    Totals,
    UnknownOperator,
    Workload,
)
from memprof.roofline.hosts import launch_times
from memprof.roofline.points import CostedCall, RooflinePoint, place, without_host
from memprof.tensors.precision import get_precision
from memprof.vocabulary import HOST, HOST_MATTERS, MEMORY_LEVELS, Kind, Phase

_LOW_COVERAGE = 0.99
_SENSELESS = (ValueError, ArithmeticError, AssertionError)
"""What formulas raise of arguments that contradict each other, as in a damaged trace; fvcore's assert."""
CONTEXT_BYTES = 600e6
"""What the CUDA context and loaded kernels occupy of the device's memory, about: nvidia-smi shows 400 to 800 MB for an
idle PyTorch process, depending on the GPU and the CUDA version."""


@dataclass(frozen=True, slots=True)
class CostedStep:
    """A step with the work of its calls: what can be held against any device. `unknown` calls nobody can cost.

    `memory` is None where the profile does not tell. `clock` is what measured the calls, None in a simulated step.
    `steps` is how many steps the calls belong to, `read_share` the fraction of its profile that could be read.
    `remarks` are what has to be known about the step.
    """

    costed: tuple[CostedCall, ...]
    unknown: tuple[OperatorCall, ...]
    parameters: int
    memory: MemoryUse | None
    clock: Clock | None = None
    steps: int = 1
    read_share: float = 1.0
    remarks: tuple[ReportWarning, ...] = ()


def cost_step(simulation: Simulation, remarks: tuple[ReportWarning, ...] = ()) -> CostedStep:
    """Cost the calls of a simulated step, about which `remarks` are known already."""
    costed, unknown = cost_profile(simulation.profile)
    remarks += tuple(_remarks(simulation))
    return CostedStep(costed, unknown, simulation.parameters, simulation.memory, remarks=remarks)


def _remarks(simulation: Simulation) -> Iterator[ReportWarning]:
    """Say what was minimised, and where everything was kept of what the data choose from."""
    if simulation.loss:
        yield ReportWarning(
            "loss", simulation.loss, "give another as a function of the output: loss=, or example_loss beside the model"
        )
    if simulation.changed:
        names = ", ".join(simulation.changed[:3])
        yield ReportWarning("changed", f"the model changes itself in its forward: {names}", CHANGES_REMEDY)
    if simulation.kept_all:
        names = ", ".join(f"{count} calls of {name}" for name, count in simulation.kept_all.items())
        yield ReportWarning(
            "data-dependent",
            f"the data decide how much {names} keep; here that is everything, so what follows them is an upper bound",
            "analyse the part before them, or run it for real: `memprof measure`",
        )
    if simulation.guesses:
        yield ReportWarning(
            "guessed",
            f"{simulation.guesses} questions to the data (any, all) are answered as if nothing were wrong in them",
            "run it for real where that decides what is run: `memprof measure`",
        )


def cost_profile(profile: Profile) -> tuple[tuple[CostedCall, ...], tuple[OperatorCall, ...]]:
    """Return the calls of a profile that have a formula, with their work, and those that nobody can cost."""
    calls = extract_calls(profile, lambda name: registry.find(name) is not None)
    costed, unknown = cost_calls(complete(calls))
    return tuple(costed), tuple(unknown)


def assemble_report(
    step: CostedStep, workload: Workload, device: DeviceCeilings, points: Sequence[RooflinePoint] | None = None
) -> Report:
    """Hold a costed step of `workload` against `device`, or take what was made of its calls already, `points`.

    Where the device's kernels were timed, what is predicted is without their waits for the host, as their times are.
    """
    if points is None:
        points = _placed(step, workload, device)
    points = [point for point in points if point.costed.works]
    rows = [with_error(row, workload, device) for row in rows_of(points, step.clock)]
    if step.clock is not None:
        rows += idle_rows([item for item in step.costed if not item.works], step.unknown, step.clock)
    coverage = _coverage(step.costed, step.unknown, step.read_share)
    return Report(
        schema=SCHEMA,
        workload=workload,
        device=device,
        totals=_totals(points, workload, device, step, rows),
        memory=memory_of(step.memory, device) if step.memory is not None else None,
        operators=tuple(rows),
        coverage=coverage,
        warnings=(*step.remarks, *assumptions(step.costed), *device_warnings(coverage, device)),
        environment=environment(),
    )


def predict_totals(step: CostedStep, workload: Workload, device: DeviceCeilings) -> Totals:
    """Return the totals of `assemble_report` for a simulated step, without the report."""
    points = [point for point in _placed(step, workload, device) if point.costed.works]
    return _totals(points, workload, device, step, ())


def _placed(step: CostedStep, workload: Workload, device: DeviceCeilings) -> list[RooflinePoint]:
    roofs = without_host(device) if step.clock is Clock.DEVICE else device
    return place(step.costed, roofs, get_precision(workload.precision))


def cost_calls(calls: Sequence[OperatorCall]) -> tuple[list[CostedCall], list[OperatorCall]]:
    """Return the calls that have a formula (or are declared free) with their work, and those that nobody can cost.

    Nobody can cost a call whose profile lacks what its formula needs (LookupError), or has what makes no sense there.
    """
    costed: list[CostedCall] = []
    unknown: list[OperatorCall] = []
    for call in calls:
        operator = registry.find(call.name)
        if operator is None and registry.is_composite(call.name):
            costed.append(CostedCall(call, Kind.LAYOUT, ()))
            continue
        try:
            if operator is None:
                raise LookupError(call.name)
            costed.append(CostedCall(call, operator.kind(call), operator.formula(call)))
        except (LookupError, *_SENSELESS):
            unknown.append(call)
    return costed, unknown


def with_error(row: OperatorRow, workload: Workload, device: DeviceCeilings) -> OperatorRow:
    """Return the row with how far its predicted time is typically off."""
    error = operator_error(device.compared, row.kind, row.dtype, row.engine, workload.precision)
    return replace(row, relative_error=error)


def step_error_of(points: Sequence[RooflinePoint], workload: Workload, device: DeviceCeilings) -> float | None:
    """Return how far the time of a step of these operators is typically off, as `step_error` does."""
    seconds = add_up(point.seconds for point in points)
    held_up = add_up(point.seconds for point in points if point.bound == HOST)
    return step_error(seconds, held_up, workload, device)


def step_error(seconds: float, held_up: float, workload: Workload, device: DeviceCeilings) -> float | None:
    """Return how far a step of `seconds` is typically off, `held_up` of which operators wait for the host.

    None where the host, which is assumed, sets notable parts of it.
    """
    if not seconds or held_up > HOST_MATTERS * seconds:
        return None
    return network_error(device.compared, device.name, workload.phase, workload.precision)


def _totals(
    points: Sequence[RooflinePoint],
    workload: Workload,
    device: DeviceCeilings,
    step: CostedStep,
    rows: Sequence[OperatorRow],
) -> Totals:
    works = [work for point in points for work in point.costed.works]
    forward = [work for point in points if point.costed.call.phase is Phase.FORWARD for work in point.costed.works]
    dram, l2, l1 = bytes_by_level(works)
    launches = sum(work.launches for work in works)
    launched = launch_times([(item.call, item.works) for item in step.costed], device.host)
    seconds, least = (add_up(getattr(point, name) for point in points) for name in ("seconds", "roofline_seconds"))
    images = workload.batch_size * step.steps
    return Totals(
        parameters=step.parameters,
        macs_per_image=add_up(work.macs for work in forward) / images,
        flops=add_up(work.flops for work in works),
        dram_bytes=dram,
        l2_bytes=l2,
        l1_bytes=l1,
        launches=launches,
        seconds=seconds,
        images_per_second=images / seconds if seconds else 0.0,
        roofline_seconds=least,
        roofline_images_per_second=images / least if least else 0.0,
        host_seconds=float(launched[-1]) if launched.size else 0.0,
        measured_seconds=add_up(row.measured_seconds or 0.0 for row in rows) if step.clock is not None else None,
        relative_error=step_error_of(points, workload, device),
    )


def memory_of(use: MemoryUse, device: DeviceCeilings) -> Memory:
    """Return what holds the device's memory at the step's peak."""
    return Memory(
        float(use.peak_bytes),
        float(use.parameters_bytes),
        float(use.gradients_bytes),
        float(use.optimizer_bytes),
        float(use.activations_bytes),
        fits(use, device),
        tuple(
            MemoryMoment(item.operator, str(item.phase), float(item.allocated_bytes), float(item.gradients_bytes))
            for item in use.course
        ),
    )


def fits(use: MemoryUse, device: DeviceCeilings) -> bool | None:
    """Return whether a step fits into the device's memory beside the CUDA context; None where that is not known."""
    capacity = device.memory_capacity_bytes
    return None if capacity is None else use.peak_bytes + CONTEXT_BYTES <= capacity


def _coverage(costed: Sequence[CostedCall], unknown: Sequence[OperatorCall], read_share: float) -> Coverage:
    known_bytes = sum(work.dram.total_bytes for item in costed for work in item.works)
    sizes: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for call in unknown:
        counts[call.name] += 1
        sizes[call.name] += add_up(tensor_bytes(tensor) for tensor in call.tensors())
    all_calls, all_bytes = len(costed) + len(unknown), known_bytes + sum(sizes.values())
    return Coverage(
        calls=read_share * (len(costed) / all_calls if all_calls else 1.0),
        bytes=read_share * (known_bytes / all_bytes if all_bytes else 1.0),
        free_calls=sum(not item.works for item in costed),
        unknown=tuple(UnknownOperator(name, count, sizes[name]) for name, count in counts.most_common()),
    )


def device_warnings(coverage: Coverage, device: DeviceCeilings) -> list[ReportWarning]:
    """Say what is in no total, and which ceilings of the device are not known."""
    warnings = []
    if coverage.unknown:
        names = ", ".join(item.name for item in coverage.unknown[:5])
        severity = "low-coverage" if coverage.bytes < _LOW_COVERAGE else "unknown-operators"
        warnings.append(
            ReportWarning(
                severity,
                f"{len(coverage.unknown)} operators have no formula and are in no total: {names}",
                "read the totals as lower bounds; `coverage` lists these operators",
            )
        )
    for level in MEMORY_LEVELS:
        if level not in device.memory_bytes_per_second:
            warnings.append(
                ReportWarning(
                    f"no-{level}-bandwidth",
                    f"{device.name} has no {level.upper()} bandwidth figure, so that level bounds nothing",
                    "give a device file with the figure as the device",
                )
            )
    return warnings


def assumptions(costed: Sequence[CostedCall]) -> list[ReportWarning]:
    """Say what was assumed where the profile did not record an argument."""
    calls = Counter(assumption_of(item) for item in costed)
    return [
        ReportWarning("inferred-arguments", f"{count} calls: {assumption}", "record the profile with a newer torch")
        for assumption, count in calls.items()
        if assumption
    ]


def environment() -> dict[str, str]:
    """Return the versions of what made the report."""
    versions = {name: metadata.version(name) for name in ("torch", "fvcore")}
    return {"memprof": __version__, "python": platform.python_version(), "platform": platform.system(), **versions}
