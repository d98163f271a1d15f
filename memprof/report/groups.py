"""Sums of a report's operators by kind, module, operator, shape, bound or phase: what every writer is made of.

Shares of time are of the measured time where the report holds what was measured, otherwise of the predicted time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, replace

from memprof import units, words
from memprof.report.record import OperatorRow, Report, Workload
from memprof.vocabulary import CPU

BY = ("operator", "module", "kind", "phase", "shape")
"""What a table of the most expensive groups may group by."""

_FEWEST_MODULES = 4
_SAY = {
    "batch_size": "batch {}",
    "resolution": "{} px",
    "phase": "{}",
    "precision": "{}",
    "layout": "{}",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Operators that belong together, summed.

    `seconds` is predicted, `roofline_seconds` the least that the ceilings allow, `measured_seconds` what was measured,
    None in a report that holds no measurement. Of these, `roofed_seconds` belong to rows that a ceiling bounds.
    `flops_share` and `time_share` are fractions of the FLOPs and of `time_seconds` of all operators of the report.
    `kind`, `bound` and `engine` are those that take most of that time. `rows` are the operators themselves, in the
    report's order.
    """

    name: str
    rows: tuple[OperatorRow, ...]
    calls: int
    flops: float
    dram_bytes: float
    l2_bytes: float
    l1_bytes: float
    launches: int
    seconds: float
    roofline_seconds: float
    flops_share: float
    time_share: float
    kind: str
    bound: str
    engine: str
    measured_seconds: float | None = None
    roofed_seconds: float = 0.0

    @property
    def time_seconds(self) -> float:
        """Return the time that shares are of: measured where something was, otherwise predicted."""
        return self.seconds if self.measured_seconds is None else self.measured_seconds

    @property
    def roof_share(self) -> float | None:
        """Return what of its roof was reached, least over measured time; None where no ceiling or no time is known."""
        return self.roofline_seconds / self.roofed_seconds if self.roofline_seconds and self.roofed_seconds else None

    @property
    def lost_seconds(self) -> float | None:
        """Return measured minus least time, negative above a roof; None where no ceiling bounds any of it."""
        return None if self.roof_share is None else self.roofed_seconds - self.roofline_seconds

    @property
    def losable_seconds(self) -> float:
        """Return the time that may have been lost: of rows that no ceiling bounds, all of it."""
        return self.time_seconds - self.roofline_seconds

    def bytes_at(self, level: str) -> float:
        """Return the bytes that cross the memory level `level`: "dram", "l2" or "l1"."""
        return {"dram": self.dram_bytes, "l2": self.l2_bytes, "l1": self.l1_bytes}[level]

    def intensity(self, level: str) -> float | None:
        """Return FLOP per byte that crosses `level`, None where no byte does."""
        moved = self.bytes_at(level)
        return self.flops / moved if moved else None

    @property
    def achieved_flops_per_second(self) -> float:
        """Return the rate of arithmetic in `time_seconds`: measured, or else predicted; 0 where there are none."""
        return share(self.flops, self.time_seconds)

    @property
    def achieved_bytes_per_second(self) -> float:
        """Return the rate of DRAM traffic, as modelled, in `time_seconds`; 0 where there is none."""
        return share(self.dram_bytes, self.time_seconds)

    @property
    def attainable_flops_per_second(self) -> float:
        """Return the rate of arithmetic that the ceilings allow: FLOPs over least seconds, 0 where there are none."""
        return share(self.flops, self.roofline_seconds)


def share(part: float, whole: float) -> float:
    """Return `part / whole`, and 0 where there is no whole."""
    return part / whole if whole else 0.0


def is_measured(report: Report) -> bool:
    """Return whether the report holds what was measured: then times are measured unless said to be predicted."""
    return report.measured is not None


def took(report: Report, row: OperatorRow) -> float:
    """Return the seconds that an operator took, measured where something was, otherwise predicted."""
    return _time(row, measured=is_measured(report))


def time_name(report: Report) -> str:
    """Return what the time is called that shares are of: "measured time", "predicted time" or "least possible time"."""
    if is_measured(report):
        return "measured time"
    return "least possible time" if report.device.kind == CPU else "predicted time"


def group_by(report: Report, key: Callable[[OperatorRow], Hashable]) -> tuple[Group, ...]:
    """Group the report's operators by `key`, longest time first; a group is named by its key."""
    members: dict[Hashable, list[OperatorRow]] = defaultdict(list)
    for row in report.operators:
        members[key(row)].append(row)
    whole = wholes(report)
    measured = is_measured(report)
    groups = [sum_rows(str(name), rows, *whole, measured=measured) for name, rows in members.items()]
    return tuple(sorted(groups, key=lambda group: (-group.time_seconds, -group.flops, group.name)))


def together(report: Report, rows: Sequence[OperatorRow], name: str = "") -> Group:
    """Sum some of the report's operators into one group."""
    return sum_rows(name, rows, *wholes(report), measured=is_measured(report))


def wholes(report: Report) -> tuple[float, float]:
    """Return the FLOPs, and the seconds measured or else predicted, of all operators: of which shares are fractions."""
    return sum(row.flops for row in report.operators), sum(took(report, row) for row in report.operators)


def sum_rows(name: str, rows: Sequence[OperatorRow], flops: float, seconds: float, *, measured: bool = False) -> Group:
    """Sum `rows` into one group; `flops` and `seconds` are the wholes of which its shares are fractions.

    `measured` says whether times are those that were measured.
    """
    own_flops, own_seconds = sum(row.flops for row in rows), sum(row.seconds for row in rows)
    own_time = sum(_time(row, measured=measured) for row in rows)

    def longest(key: Callable[[OperatorRow], str]) -> str:
        return _longest(rows, key, measured=measured)

    return Group(
        name=name,
        rows=tuple(rows),
        calls=sum(row.calls for row in rows),
        flops=own_flops,
        dram_bytes=sum(row.dram_bytes for row in rows),
        l2_bytes=sum(row.l2_bytes for row in rows),
        l1_bytes=sum(row.l1_bytes for row in rows),
        launches=sum(row.launches for row in rows),
        seconds=own_seconds,
        roofline_seconds=sum(row.roofline_seconds for row in rows),
        flops_share=share(own_flops, flops),
        time_share=share(own_time, seconds),
        kind=longest(lambda row: row.kind),
        bound=longest(lambda row: row.bound),
        engine=longest(lambda row: row.engine),
        measured_seconds=own_time if measured else None,
        roofed_seconds=sum(row.measured_seconds or 0.0 for row in rows if row.roofline_seconds) if measured else 0.0,
    )


def by_kind(report: Report) -> tuple[Group, ...]:
    """Group by the kind of operator: "depthwise convolution", "matmul", ..."""
    return group_by(report, lambda row: row.kind)


def by_bound(report: Report) -> tuple[Group, ...]:
    """Group by what sets the time as predicted: "dram", "l1", "tensor", "launch", "host", ..."""
    return group_by(report, lambda row: row.bound)


def bound_share(report: Report, *bounds: str) -> float:
    """Return the fraction of the time in which one of `bounds` sets the pace."""
    return sum(group.time_share for group in by_bound(report) if group.name in bounds)


def by_phase(report: Report) -> tuple[Group, ...]:
    """Group by the phase of a step: "forward", "backward", "optimizer"."""
    return group_by(report, lambda row: row.phase)


def by_shape(report: Report) -> tuple[Group, ...]:
    """Group by the shapes of the inputs: "128x96x56x56, 96x1x7x7"."""
    groups = group_by(report, lambda row: row.input_shapes)
    return tuple(replace(group, name=units.shapes(group.rows[0].input_shapes) or "(no tensor)") for group in groups)


def by_module(report: Report, depth: int | None = None) -> tuple[Group, ...]:
    """Group by the first `depth` parts of the module path; by default the depth that `module_depth` finds."""
    deep = module_depth(report) if depth is None else depth
    return group_by(report, lambda row: module_at(row, deep))


def by_operator(report: Report) -> tuple[Group, ...]:
    """Group calls that are equal but for the numbers in their module path, such as the blocks of one stage."""

    def key(row: OperatorRow) -> Hashable:
        path = tuple("*" if part.isdecimal() else part for part in row.module.split("."))
        return row.name, row.kind, row.phase, path, row.input_shapes, row.dtype, row.engine

    return group_by(report, key)


def group(report: Report, by: str) -> tuple[Group, ...]:
    """Group by one of `BY`; ValueError for anything else."""
    ways = {"operator": by_operator, "module": by_module, "kind": by_kind, "phase": by_phase, "shape": by_shape}
    if by not in ways:
        raise ValueError(f"cannot group by {by!r}; one of {', '.join(BY)}")
    return ways[by](report)


def module_at(row: OperatorRow, depth: int) -> str:
    """Return the first `depth` parts of the row's module path; "(model)" for the model itself."""
    if not row.module:
        return "(optimizer)" if row.phase == "optimizer" else "(model)"
    return ".".join(row.module.split(".")[:depth])


def module_depth(report: Report) -> int:
    """Return the least depth of module paths at which no module takes most of the time, or the deepest there is."""
    deepest = max((row.module.count(".") + 1 for row in report.operators), default=1)
    for depth in range(1, deepest):
        modules = by_module(report, depth)
        if len(modules) >= _FEWEST_MODULES and modules[0].time_share <= 0.5:
            return depth
    return deepest


def module_pattern(rows: Iterable[OperatorRow]) -> str:
    """Return the module path that `rows` share, with "*" for the parts in which they differ."""
    paths = sorted({row.module for row in rows})
    split = [path.split(".") for path in paths]
    if len({len(parts) for parts in split}) != 1:
        return f"{len(paths)} modules"
    return ".".join(parts[0] if len(set(parts)) == 1 else "*" for parts in zip(*split, strict=True))


def labels(reports: Sequence[Report]) -> tuple[str, ...]:
    """Name each report by its model, and by whatever else differs between the reports."""
    extras = [(name, text) for name, text in _SAY.items() if _differs(reports, name)]
    several_devices = len({report.device.name for report in reports}) > 1
    found = []
    for report in reports:
        known = [(text, getattr(report.workload, name)) for name, text in extras]
        said = [text.format(value) for text, value in known if value is not None]
        said += [report.device.name] if several_devices else []
        found.append(f"{report.workload.model} ({', '.join(said)})" if said else report.workload.model)
    return tuple(found)


def differences(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return the names of the workload's fields, and "device", in which the reports differ beyond the model."""
    names = [field.name for field in fields(Workload) if field.name != "model"]
    differing = [name for name in names if _differs(reports, name)]
    return (*differing, *(["device"] if len({report.device.name for report in reports}) > 1 else []))


def _differs(reports: Sequence[Report], name: str) -> bool:
    """Return whether a field of the workload differs, as far as it is known: a trace may not tell the resolution."""
    return len({getattr(report.workload, name) for report in reports} - {None}) > 1


def describe(report: Report) -> str:
    """Say what was analysed: "inference, tf32, batch 128, 224 px, channels-last"."""
    return describe_workload(report.workload)


def describe_workload(work: Workload) -> str:
    """Say what a workload is but for its model, see `describe`."""
    pixels = f"{work.resolution} px" if work.resolution is not None else ""
    said = words.phase(work.phase), work.precision, f"batch {work.batch_size}", pixels, work.layout
    return ", ".join(part for part in said if part)


def _time(row: OperatorRow, *, measured: bool) -> float:
    return (row.measured_seconds or 0.0) if measured else row.seconds


def _longest(rows: Sequence[OperatorRow], key: Callable[[OperatorRow], str], *, measured: bool) -> str:
    seconds: dict[str, float] = defaultdict(float)
    for row in rows:
        seconds[key(row)] += _time(row, measured=measured)
    return max(seconds, key=seconds.__getitem__, default="")
