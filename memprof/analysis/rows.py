"""The rows of a report: equal calls of one operator in one module, counted together, with what was measured of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from memprof.calls import OperatorCall
from memprof.operators.work import Work
from memprof.profiles.records import Kernel
from memprof.report.record import OperatorRow
from memprof.report.run import KernelRow
from memprof.roofline.points import CostedCall, RooflinePoint
from memprof.tensors.shapes import layout_name
from memprof.vocabulary import MEMORY_LEVELS, NANOSECOND, UNBOUND, Kind


class Clock(StrEnum):
    """What measured the calls of a profile."""

    DEVICE = "device"
    """A call takes as long as its kernels."""
    HOST = "host"
    """A call takes as long as the host is in it: on a CPU."""


def add_up(amounts: Iterable[float]) -> float:
    """Add up as a float always, so that a report reads back as exactly what was written."""
    return float(sum(amounts))


def bytes_by_level(works: Sequence[Work]) -> list[float]:
    """Return the bytes that cross each memory level, in the order of MEMORY_LEVELS."""
    return [add_up(getattr(work, level).total_bytes for work in works) for level in MEMORY_LEVELS]


def measured_seconds(calls: Sequence[OperatorCall], clock: Clock | None) -> float | None:
    """Return the seconds that `calls` took by `clock`, None where there is none."""
    if clock is None:
        return None
    if clock is Clock.HOST:
        return sum(call.host_ns for call in calls) * NANOSECOND
    return sum(kernel.duration_ns for call in calls for kernel in call.kernels) * NANOSECOND


def assumption_of(item: CostedCall) -> str:
    """Return what was inferred or assumed of a call, in words; "" where the profile recorded everything."""
    return item.call.inferred or next((work.assumed for work in item.works if work.assumed), "")


def kernel_rows(kernels: Iterable[Kernel]) -> tuple[KernelRow, ...]:
    """Count kernels of one name together, the longest first."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kernel in kernels:
        groups[kernel.name, str(kernel.activity)].append(kernel.duration_ns)
    rows = [KernelRow(*key, len(spans), sum(spans) * NANOSECOND) for key, spans in groups.items()]
    return tuple(sorted(rows, key=lambda row: (-row.seconds, row.name)))


def rows_of(points: Sequence[RooflinePoint], clock: Clock | None = None) -> list[OperatorRow]:
    """Count equal calls together; what `clock` measured of them is added up."""
    return [row_of([points[place] for place in group], clock) for group in equal_calls(points)]


def equal_calls(points: Sequence[RooflinePoint]) -> list[list[int]]:
    """Return the places of equal calls: those of each row of a report, in order."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, point in enumerate(points):
        item, call = point.costed, point.costed.call
        key = (
            *(call.name, item.kind, call.module, call.phase, call.tensors()),
            *(_dtype(point), point.bound, item.on_cuda_cores),
        )
        groups[key].append(place)
    return list(groups.values())


def idle_rows(free: Sequence[CostedCall], unknown: Sequence[OperatorCall], clock: Clock) -> list[OperatorRow]:
    """Return rows for measured calls that no ceiling bounds: those without a formula, and those declared free."""
    groups: dict[tuple[Kind, object], list[OperatorCall]] = defaultdict(list)
    for kind, call in (*((item.kind, item.call) for item in free), *((Kind.UNKNOWN, call) for call in unknown)):
        if measured_seconds([call], clock):
            groups[kind, (call.name, call.module, call.phase, call.tensors())].append(call)
    return [_idle_row(kind, calls, clock) for (kind, _), calls in groups.items()]


def _idle_row(kind: Kind, calls: Sequence[OperatorCall], clock: Clock | None) -> OperatorRow:
    """Return a row of equal calls without work: what they are, and what was measured of them."""
    first = calls[0]
    tensors = first.tensors()
    return OperatorRow(
        name=first.name,
        kind=str(kind),
        module=first.module,
        phase=str(first.phase),
        input_shapes=tuple(tensor.shape for tensor in tensors),
        dtype=tensors[0].dtype if tensors else "",
        calls=len(calls),
        flops=0.0,
        dram_bytes=0.0,
        l2_bytes=0.0,
        l1_bytes=0.0,
        intensity_dram=None,
        intensity_l2=None,
        intensity_l1=None,
        engine="fp32",
        bound=UNBOUND,
        attainable_flops_per_second=0.0,
        launches=0,
        seconds=0.0,
        roofline_seconds=0.0,
        measured_seconds=measured_seconds(calls, clock),
        kernels=kernel_rows(kernel for call in calls for kernel in call.kernels),
        input_layouts=tuple(layout_name(tensor) for tensor in tensors),
    )


def row_of(group: Sequence[RooflinePoint], clock: Clock | None) -> OperatorRow:
    """Return a row of equal calls with their work and what it takes under the roofline."""
    first = group[0]
    row = _idle_row(first.costed.kind, [point.costed.call for point in group], clock)
    works = [work for point in group for work in point.costed.works]
    flops = add_up(work.flops for work in works)
    dram, l2, l1 = bytes_by_level(works)
    least = add_up(point.roofline_seconds for point in group)
    return replace(
        row,
        dtype=_dtype(first),
        flops=flops,
        dram_bytes=dram,
        l2_bytes=l2,
        l1_bytes=l1,
        intensity_dram=_ratio(flops, dram),
        intensity_l2=_ratio(flops, l2),
        intensity_l1=_ratio(flops, l1),
        engine=first.engine,
        bound=first.bound,
        attainable_flops_per_second=_ratio(flops, least) or 0.0,
        launches=sum(work.launches for work in works),
        seconds=add_up(point.seconds for point in group),
        roofline_seconds=least,
        percent_of_roof=_ratio(100 * least, row.measured_seconds) if least else None,
        inferred=assumption_of(first.costed),
    )


def _dtype(point: RooflinePoint) -> str:
    tensors = point.costed.call.tensors()
    return tensors[0].dtype if tensors else point.costed.works[0].dtype


def _ratio(amount: float, whole: float | None) -> float | None:
    return amount / whole if whole else None
