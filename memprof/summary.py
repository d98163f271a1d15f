"""Sums of a report's operators by kind, module, operator, bound or phase: what every writer and sentence is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields

from memprof import words
from memprof.report import OperatorRow, Report, Workload

BY = ("operator", "module", "kind")
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

    `seconds` is predicted, `roofline_seconds` the least that the ceilings allow. `flops_share` and `time_share` are
    fractions of the FLOPs and of the predicted seconds of all operators of the report. `kind`, `bound` and `engine` are
    those that take most of `seconds`. `rows` are the operators themselves, in the report's order.
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

    def bytes_at(self, level: str) -> float:
        """Return the bytes that cross the memory level `level`: "dram", "l2" or "l1"."""
        return {"dram": self.dram_bytes, "l2": self.l2_bytes, "l1": self.l1_bytes}[level]

    def intensity(self, level: str) -> float | None:
        """Return FLOP per byte that crosses `level`, None where no byte does."""
        moved = self.bytes_at(level)
        return self.flops / moved if moved else None

    @property
    def predicted_flops_per_second(self) -> float:
        """Return the predicted rate of arithmetic: FLOPs over predicted seconds, 0 where there are none."""
        return share(self.flops, self.seconds)

    @property
    def attainable_flops_per_second(self) -> float:
        """Return the rate of arithmetic that the ceilings allow: FLOPs over least seconds, 0 where there are none."""
        return share(self.flops, self.roofline_seconds)


def share(part: float, whole: float) -> float:
    """Return `part / whole`, and 0 where there is no whole."""
    return part / whole if whole else 0.0


def group_by(report: Report, key: Callable[[OperatorRow], Hashable]) -> tuple[Group, ...]:
    """Group the report's operators by `key`, longest time first; a group is named by its key."""
    members: dict[Hashable, list[OperatorRow]] = defaultdict(list)
    for row in report.operators:
        members[key(row)].append(row)
    flops = sum(row.flops for row in report.operators)
    seconds = sum(row.seconds for row in report.operators)
    groups = [sum_rows(str(name), rows, flops, seconds) for name, rows in members.items()]
    return tuple(sorted(groups, key=lambda group: (-group.seconds, -group.flops, group.name)))


def sum_rows(name: str, rows: Sequence[OperatorRow], flops: float, seconds: float) -> Group:
    """Sum `rows` into one group; `flops` and `seconds` are the wholes of which its shares are fractions."""
    own_flops, own_seconds = sum(row.flops for row in rows), sum(row.seconds for row in rows)
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
        time_share=share(own_seconds, seconds),
        kind=_longest(rows, lambda row: row.kind),
        bound=_longest(rows, lambda row: row.bound),
        engine=_longest(rows, lambda row: row.engine),
    )


def by_kind(report: Report) -> tuple[Group, ...]:
    """Group by the kind of operator: "depthwise convolution", "matmul", ..."""
    return group_by(report, lambda row: row.kind)


def by_bound(report: Report) -> tuple[Group, ...]:
    """Group by what sets the predicted time: "dram", "l1", "tensor", "launch", "host", ..."""
    return group_by(report, lambda row: row.bound)


def bound_share(report: Report, *bounds: str) -> float:
    """Return the fraction of the predicted time in which one of `bounds` sets the pace."""
    return sum(group.time_share for group in by_bound(report) if group.name in bounds)


def by_phase(report: Report) -> tuple[Group, ...]:
    """Group by the phase of a step: "forward", "backward", "optimizer"."""
    return group_by(report, lambda row: row.phase)


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
    ways = {"operator": by_operator, "module": by_module, "kind": by_kind}
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
    extras = [
        (name, text) for name, text in _SAY.items() if len({getattr(report.workload, name) for report in reports}) > 1
    ]
    several_devices = len({report.device.name for report in reports}) > 1
    found = []
    for report in reports:
        said = [text.format(getattr(report.workload, name)) for name, text in extras]
        said += [report.device.name] if several_devices else []
        found.append(f"{report.workload.model} ({', '.join(said)})" if said else report.workload.model)
    return tuple(found)


def differences(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return the names of the workload's fields, and "device", in which the reports differ beyond the model."""
    names = [field.name for field in fields(Workload) if field.name != "model"]
    differing = [name for name in names if len({getattr(report.workload, name) for report in reports}) > 1]
    return (*differing, *(["device"] if len({report.device.name for report in reports}) > 1 else []))


def describe(report: Report) -> str:
    """Say what was analysed: "inference, tf32, batch 128, 224 px, channels-last"."""
    return describe_workload(report.workload)


def describe_workload(work: Workload) -> str:
    """Say what a workload is but for its model, see `describe`."""
    pixels = [f"{work.resolution} px"] if work.resolution is not None else []
    return ", ".join((words.phase(work.phase), work.precision, f"batch {work.batch_size}", *pixels, work.layout))


def _longest(rows: Sequence[OperatorRow], key: Callable[[OperatorRow], str]) -> str:
    seconds: dict[str, float] = defaultdict(float)
    for row in rows:
        seconds[key(row)] += row.seconds
    return max(seconds, key=seconds.__getitem__, default="")
