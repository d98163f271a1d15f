"""Layer by layer: a trace's operator calls and passes beside what is predicted for the same model on its device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from memprof.analysis.assembly import cost_calls, cost_step
from memprof.analysis.simulated import simulate_model
from memprof.analysis.traced import device_of
from memprof.calls import OperatorCall, extract_calls
from memprof.comparisons.alignment import call_key
from memprof.devices.ceilings import ceilings, precisions
from memprof.devices.record import Device
from memprof.operators import registry
from memprof.operators.work import Work
from memprof.profiles.records import Activity, Kernel
from memprof.report.record import DeviceCeilings, Workload
from memprof.roofline.points import CostedCall, RooflinePoint, place
from memprof.tensors.precision import get_precision
from memprof.traces.records import Trace
from memprof.traces.selection import select
from memprof.validation.gradient_passes import GRADIENTS, split
from memprof.validation.lining_up import Match, Mismatch, line_up
from memprof.validation.tables import MeasurementError
from memprof.validation.trace_records import LeftOut, PassCase, TraceValidation
from memprof.validation.traced_workload import NOT_SAID, Wanted, choose_workload
from memprof.vocabulary import NANOSECOND, Kind

OUTSIDE = "kernels outside operators"
_LEAST_SHARE = 0.5
_BOTH = "data and weight gradient"
_CONVOLUTIONS = frozenset({Kind.CONVOLUTION, Kind.DEPTHWISE})


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a trace ran in its `steps` steps: calls with kernels, and kernels without a call; communication apart."""

    calls: tuple[OperatorCall, ...]
    outside: tuple[Kernel, ...]
    communication: tuple[Kernel, ...]
    steps: int
    by_shapes: bool


def validate_trace(
    trace: Trace, model: str, *, device: Device | None = None, wanted: Wanted = NOT_SAID
) -> TraceValidation:
    """Simulate `model` as the trace ran it, on `device` or the one that the trace names, and line the two up.

    DeviceError or WorkloadError where the trace does not tell what is not given; MeasurementError where it has no
    kernels, or most of their time does not line up.
    """
    if not trace.kernels:
        raise MeasurementError(f"{trace.path} has no GPU kernels to hold predictions against", "record it on a GPU")
    target = device or device_of(trace)
    ran = _read_steps(trace)
    shown = cost_calls(ran.calls)[0] if ran.by_shapes else []
    workload = choose_workload(model, wanted, shown, ran.calls, precisions(target))
    roofs = ceilings(target, workload.precision)  # without a host: what a profiler calls a kernel's duration
    simulation = simulate_model(model, workload, wanted.task(workload.batch_size))
    simulated = [item for item in cost_step(simulation).costed if item.works]
    return _validate(trace.path.name, ran, simulated, workload, roofs)


def _read_steps(trace: Trace) -> _Ran:
    """Return what the marked steps of a trace ran, or the whole trace where it marks none."""
    numbers = dict.fromkeys(step.number for step in trace.steps)
    parts = [select(trace, step=number) for number in numbers] or [trace]
    every = [extract_calls(part.profile, lambda name: registry.find(name) is not None) for part in parts]
    calls = tuple(call for call in chain.from_iterable(every) if _kernels(call))
    return _Ran(
        calls=calls,
        outside=tuple(item.kernel for part in parts for item in part.orphans if _is_computed(item.kernel)),
        communication=tuple(kernel for part in parts for kernel in part.kernels if not _is_computed(kernel)),
        steps=len(parts),
        by_shapes=any(call.tensors() for call in calls),
    )


def _is_computed(kernel: Kernel) -> bool:
    return kernel.activity is not Activity.COMMUNICATION


def _kernels(call: OperatorCall) -> list[Kernel]:
    """Return what a call ran on the device, in the order of the launches."""
    kernels = [kernel for kernel in call.kernels if _is_computed(kernel)]
    return sorted(kernels, key=lambda kernel: (kernel.launched_ns or 0, kernel.start_ns))


def _seconds(kernels: Iterable[Kernel]) -> float:
    return sum(kernel.duration_ns for kernel in kernels) * NANOSECOND


def _all_kernels(calls: Iterable[OperatorCall]) -> Iterable[Kernel]:
    return chain.from_iterable(map(_kernels, calls))


def _validate(
    origin: str, ran: _Ran, simulated: Sequence[CostedCall], workload: Workload, roofs: DeviceCeilings
) -> TraceValidation:
    points = _predict(simulated, workload, roofs)
    matches, mismatches = line_up(ran.calls, [item.call for item in simulated], ran.steps, by_shapes=ran.by_shapes)
    cases = [case for match in matches for case in _cases(match, points, ran.steps)]
    left_out = [_leave_out(mismatch, points, ran.steps) for mismatch in mismatches]
    _check_share(origin, workload, cases, left_out)
    if ran.outside:
        lost = _seconds(ran.outside) / ran.steps
        left_out.append(
            LeftOut(OUTSIDE, "", (), len(ran.outside) / ran.steps, 0, lost, 0.0, "no operator launched them")
        )
    return TraceValidation(
        origin=origin,
        workload=workload,
        device=roofs.name,
        steps=ran.steps,
        by_shapes=ran.by_shapes,
        cases=tuple(cases),
        left_out=tuple(sorted(left_out, key=lambda item: -max(item.measured_seconds, item.predicted_seconds))),
        measured_seconds=_seconds(chain(_all_kernels(ran.calls), ran.outside)) / ran.steps,
        predicted_seconds=sum(point.seconds for point in chain.from_iterable(points)),
        communication_seconds=_seconds(ran.communication) / ran.steps,
        unsplit=sum(case.pass_name == _BOTH for case in cases),
    )


def _check_share(origin: str, workload: Workload, cases: Sequence[PassCase], left_out: Sequence[LeftOut]) -> None:
    """Raise MeasurementError where most of the measured time has no counterpart: it is another model then."""
    lined, lost = (sum(item.measured_seconds for item in items) for items in (cases, left_out))
    if lined >= _LEAST_SHARE * (lined + lost):
        return
    longest = max(left_out, key=lambda item: item.measured_seconds)
    given = f"inputs {workload.inputs}" if workload.inputs else f"{workload.resolution} pixels"
    ran = f"phase {workload.phase}, batch {workload.batch_size}, {given}"
    raise MeasurementError(
        f"{lost / (lined + lost):.0%} of the time in {origin} does not line up with {workload.model}: "
        f"{longest.operator}, {longest.phase}: {longest.reason}",
        f"is it a trace of that model, {ran}? Choose with --model, --phase, --batch-size and --resolution",
    )


def _predict(
    simulated: Sequence[CostedCall], workload: Workload, roofs: DeviceCeilings
) -> list[tuple[RooflinePoint, ...]]:
    """Return for each simulated call the points of its passes, named by the last of their works."""
    parts = [_parts(item) for item in simulated]
    points = iter(place(list(chain.from_iterable(parts)), roofs, get_precision(workload.precision)))
    return [tuple(next(points) for _ in part) for part in parts]


def _parts(item: CostedCall) -> list[CostedCall]:
    """Cut a convolution's backward call into its gradients: what precedes one, as copies do, belongs to it."""
    if item.kind not in _CONVOLUTIONS:
        return [item]
    parts: list[list[Work]] = [[]]
    for work in item.works:
        parts[-1].append(work)
        if work.step in GRADIENTS:
            parts.append([])
    return [CostedCall(item.call, item.kind, tuple(works)) for works in parts if works]


def _pass_name(point: RooflinePoint) -> str:
    item = point.costed
    step = item.works[-1].step
    return step if item.kind in _CONVOLUTIONS and step in GRADIENTS else str(item.call.phase)


def _cases(match: Match, points: Sequence[tuple[RooflinePoint, ...]], steps: int) -> list[PassCase]:
    """Return a case for each pass of a match: one for all where the kernels do not tell them apart."""
    own = [point for place in match.simulated for point in points[place]]
    names = [_pass_name(point) for point in own]
    if names[0] in GRADIENTS and len(names) > 1:
        splits = [split(_kernels(call), names) for call in match.measured]
        known = [parts for parts in splits if parts is not None]
        if len(known) == len(splits):
            return [
                _case(name, [point], [parts[name] for parts in known], steps)
                for name, point in zip(names, own, strict=True)
            ]
        names[0] = _BOTH
    return [_case(names[0], own, [_kernels(call) for call in match.measured], steps)]


def _case(name: str, points: Sequence[RooflinePoint], runs: Sequence[Sequence[Kernel]], steps: int) -> PassCase:
    first = points[0].costed
    return PassCase(
        operator=call_key(first.call.name, str(first.call.phase), ())[0],
        kind=str(first.kind),
        pass_name=name,
        module=first.call.module,
        shapes=tuple(tensor.shape for tensor in first.call.tensors()),
        measured_seconds=_seconds(chain.from_iterable(runs)) / steps,
        predicted_seconds=sum(point.seconds for point in points),
        roofline_seconds=sum(point.roofline_seconds for point in points),
        bound=max(points, key=lambda point: point.seconds).bound,
        kernels=tuple(kernel.name for kernel in runs[0]),
    )


def _leave_out(mismatch: Mismatch, points: Sequence[tuple[RooflinePoint, ...]], steps: int) -> LeftOut:
    return LeftOut(
        operator=mismatch.operator,
        phase=mismatch.phase,
        shapes=mismatch.shapes,
        measured_calls=len(mismatch.measured) / steps,
        simulated_calls=len(mismatch.simulated),
        measured_seconds=_seconds(_all_kernels(mismatch.measured)) / steps,
        predicted_seconds=sum(point.seconds for place in mismatch.simulated for point in points[place]),
        reason=mismatch.reason,
    )
