"""The tables of a report as text cells, the same in every format; each writer only lays them out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof import findings, summary, units, words
from memprof.report import Report
from memprof.reports.writer import RenderOptions
from memprof.summary import Group

Cell = Callable[[Group], str]
BOUND_NOTE = (
    "Bound by: the ceiling that sets the time. DRAM, L2 and L1: the bandwidth of that memory; tensor and CUDA: the "
    "arithmetic of those cores."
)
RIDGE_NOTE = (
    "Right: the FLOP per byte that an operator needs to keep these cores busy (the ridge point). One that does less "
    "waits for its data."
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and whether its cells are numbers (aligned right) or paths (shortened where needed)."""

    header: str
    number: bool = True
    path: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row; `sections` holds the indices of the rows that begin a new section."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    sections: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """One total: what it is called, its value, and a remark on how to read it."""

    name: str
    value: str
    remark: str = ""


def engines(report: Report) -> tuple[str, ...]:
    """Return the compute engines to show: those that do FLOPs here, the fastest first."""
    used = {row.engine for row in report.operators if row.flops}
    peaks = report.device.peak_flops_per_second
    return tuple(sorted(used & set(peaks), key=lambda engine: -peaks[engine])) or tuple(peaks)


def ceilings(report: Report) -> Table:
    """Return each memory level's bandwidth, and the FLOP per byte that an operator needs to be bound by arithmetic."""
    shown = engines(report)
    peaks = [report.device.peak_flops_per_second[engine] for engine in shown]
    headers = [
        f"{words.engine(engine)}, {units.flops_per_second(peak)}" for engine, peak in zip(shown, peaks, strict=True)
    ]
    rows = []
    for level in words.LEVELS:
        bandwidth = report.device.memory_bytes_per_second.get(level)
        ridges = [findings.ridge_point(report, level, engine) for engine in shown]
        speed = units.bytes_per_second(bandwidth) if bandwidth else "not known"
        rows.append((words.level(level), speed, *(units.intensity(ridge) for ridge in ridges)))
    columns = (Column("Memory", number=False), Column("bandwidth"), *(Column(header) for header in headers))
    return Table("Ceilings", columns, tuple(rows))


def totals(report: Report) -> tuple[Fact, ...]:
    """Return the sums over one step."""
    total = report.totals
    batch = units.count(report.workload.batch_size)
    return (
        Fact("Parameters", units.count(total.parameters)),
        Fact("MACs per image", units.count(total.macs_per_image), "multiply-adds of one forward pass"),
        Fact("FLOPs per step", units.flop_count(total.flops), f"{batch} images; a multiply-add counts as two"),
        Fact("DRAM traffic", units.byte_count(total.dram_bytes)),
        Fact("L2 traffic", units.byte_count(total.l2_bytes)),
        Fact("L1 traffic", units.byte_count(total.l1_bytes)),
        Fact("Least possible time", units.seconds(total.seconds), "per step; a lower bound, not a prediction"),
        Fact("Throughput", units.images_per_second(total.images_per_second), "at most: an upper bound"),
    )


def kinds(report: Report) -> Table:
    """Return the table by kind: share of FLOPs against share of time."""
    columns = (
        Column("Kind", number=False),
        Column("FLOPs"),
        Column("time"),
        Column("ms"),
        Column("bound by", number=False),
    )
    rows = tuple(
        (
            group.name,
            units.share(group.flops_share),
            units.share(group.time_share),
            units.milliseconds(group.seconds),
            bounds(group),
        )
        for group in summary.by_kind(report)
    )
    return Table("By kind of operator", columns, rows)


def bounds(group: Group) -> str:
    """Return what binds a group, longest first: "L1", or "DRAM, tensor cores" where a second takes a fifth or more."""
    seconds: dict[str, float] = {}
    for row in group.rows:
        seconds[row.bound] = seconds.get(row.bound, 0.0) + row.seconds
    order = sorted(seconds, key=seconds.__getitem__, reverse=True)
    shown = [code for code in order[:2] if code == order[0] or seconds[code] >= 0.2 * group.seconds]
    return ", ".join(words.short_bound(code) for code in shown)


def top(report: Report, options: RenderOptions, *, wide: bool = True) -> Table:
    """Return the table of the most expensive operators, modules or kinds; `wide` adds shapes and intensity."""
    groups = summary.group(report, options.by)
    cells: list[tuple[Column, Cell]] = [
        (Column(options.by.capitalize(), number=False, path=True), lambda row: row.name)
    ]
    if options.by == "operator":
        cells = _operator_cells(report, wide)
    cells += [(Column("calls"), lambda row: units.count(row.calls)), (Column("FLOPs"), _flops_share)]
    cells += [(Column("time"), _time_share), (Column("ms"), lambda row: units.milliseconds(row.seconds))]
    if wide:
        cells.append((Column("FLOP/byte"), _intensity))
    cells.append((Column("bound by", number=False), bounds))
    rows = tuple(tuple(cell(row) for _, cell in cells) for row in groups[: options.top])
    return Table(_top_title(options.by, len(rows), len(groups)), tuple(column for column, _ in cells), rows)


def _operator_cells(report: Report, wide: bool) -> list[tuple[Column, Cell]]:
    several_phases = len(summary.by_phase(report)) > 1
    shortened = "_backward" if several_phases and not wide else ""  # the phase's own column says so

    def name(row: Group) -> str:
        return words.operator(row.rows[0].name, row.kind).removesuffix(shortened)

    cells: list[tuple[Column, Cell]] = [
        (Column("Operator", number=False, path=True), name),
        (Column("module", number=False, path=True), lambda row: summary.module_pattern(row.rows)),
    ]
    if several_phases:
        cells.append((Column("", number=False), lambda row: words.short_phase(row.rows[0].phase)))
    if wide:
        cells.append((Column("input", number=False), _largest_shape))
    return cells


def _top_title(by: str, shown: int, known: int) -> str:
    plural = f"{by}s"
    return f"All {shown} {plural} by time" if shown == known else f"The {shown} most expensive of {known} {plural}"


def _largest_shape(group: Group) -> str:
    """Return the shape of the largest input."""
    shapes = group.rows[0].input_shapes
    return units.shape(max(shapes, key=math.prod)) if shapes else ""


def _flops_share(group: Group) -> str:
    return units.share(group.flops_share)


def _time_share(group: Group) -> str:
    return units.share(group.time_share)


def _intensity(group: Group) -> str:
    """Return the intensity at the level that binds, or at DRAM where arithmetic does."""
    return units.intensity(group.intensity(group.bound if group.bound in words.LEVELS else "dram"))


def side_by_side(reports: Sequence[Report]) -> Table:
    """Return totals, time by kind and time by bound, one column for each report."""
    facts = [totals(report) for report in reports]
    rows = [(column[0].name, *(fact.value for fact in column)) for column in zip(*facts, strict=True)]
    sections = {len(rows)}
    for ways in (summary.by_kind, summary.by_bound):
        by_report = [{group.name: group for group in ways(report)} for report in reports]
        seconds: dict[str, float] = {}
        for groups in by_report:
            for name, group in groups.items():
                seconds[name] = max(seconds.get(name, 0.0), group.seconds)
        for name in sorted(seconds, key=seconds.__getitem__, reverse=True):
            said = name if ways is summary.by_kind else f"bound by {words.short_bound(name)}"
            rows.append((said, *(_time_and_share(groups.get(name)) for groups in by_report)))
        sections.add(len(rows))
    columns = (Column("", number=False), *(Column(label) for label in summary.labels(reports)))
    return Table("Side by side", columns, tuple(rows), frozenset(sections))


def _time_and_share(group: Group | None) -> str:
    return f"{units.seconds(group.seconds)} {units.share(group.time_share):>6}" if group else "–"
