"""The tables of a report as text cells, the same in every format; each writer only lays them out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof import findings, footprint, summary, units, words
from memprof.report import Report
from memprof.reports.writer import RenderOptions
from memprof.summary import Group

Cell = Callable[[Group], str]
BOUND_NOTE = (
    "Bound by: what sets the time. DRAM, L2 and L1: the bandwidth of that memory; tensor and CUDA: the arithmetic of "
    "those cores; launch: starting the kernels; host: waiting for the host to launch them."
)
_HOST_MATTERS, _HOST_NEAR = 0.01, 0.8
"""Share of time that waits for the host, and share of the step that the host needs, from which host time is shown."""
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
    """Return the predictions for one step, what bounds them, and the sums over its operators."""
    total = report.totals
    batch = report.workload.batch_size
    images = f"{units.count(batch)} {'image' if batch == 1 else 'images'}"
    return (
        Fact("Predicted time", units.seconds(total.seconds), "per step: predicted, not measured"),
        Fact("Predicted throughput", units.images_per_second(total.images_per_second)),
        Fact("Least possible time", units.seconds(total.roofline_seconds), "per step: a lower bound"),
        Fact("Throughput at most", units.images_per_second(total.roofline_images_per_second), "an upper bound"),
        *_host(report),
        Fact("Kernel launches", units.count(total.launches), "per step"),
        *_memory(report),
        Fact("FLOPs per step", units.flop_count(total.flops), f"{images}; a multiply-add counts as two"),
        Fact("DRAM traffic", units.byte_count(total.dram_bytes)),
        Fact("L2 traffic", units.byte_count(total.l2_bytes)),
        Fact("L1 traffic", units.byte_count(total.l1_bytes)),
        Fact("MACs per image", units.count(total.macs_per_image), "multiply-adds of one forward pass"),
        Fact("Parameters", units.count(total.parameters)),
    )


def _memory(report: Report) -> tuple[Fact, ...]:
    if report.memory is None:
        return ()
    return (
        Fact("Peak memory", units.byte_count(report.memory.peak_bytes), footprint.parts(report)),
        Fact("Fits the device", footprint.verdict(report), footprint.remark(report)),
    )


def _host(report: Report) -> tuple[Fact, ...]:
    """Return what the host needs to launch a step, where it holds the device up or nearly does."""
    total = report.totals
    near = total.host_seconds >= _HOST_NEAR * total.seconds
    if not total.host_seconds or not (near or summary.bound_share(report, "host") >= _HOST_MATTERS):
        return ()
    return (Fact("Host time", units.seconds(total.host_seconds), "per step, to launch kernels; predicted"),)


def kinds(report: Report, *, least: bool = True) -> Table:
    """Return the table by kind: share of FLOPs against share of predicted time; `least` adds least possible times."""
    cells: list[tuple[Column, Cell]] = [
        (Column("Kind", number=False), lambda row: row.name),
        (Column("FLOPs"), _flops_share),
        (Column("time"), _time_share),
        (Column("ms"), _milliseconds),
        *([(Column("least ms"), _least_milliseconds)] if least else []),
        (Column("bound by", number=False), bounds),
    ]
    return _table("By kind of operator", cells, summary.by_kind(report))


def _table(title: str, cells: Sequence[tuple[Column, Cell]], groups: Sequence[Group]) -> Table:
    rows = tuple(tuple(cell(group) for _, cell in cells) for group in groups)
    return Table(title, tuple(column for column, _ in cells), rows)


def bounds(group: Group) -> str:
    """Return what binds a group, longest first: "L1", or "DRAM, tensor cores" where a second takes a fifth or more."""
    seconds: dict[str, float] = {}
    for row in group.rows:
        seconds[row.bound] = seconds.get(row.bound, 0.0) + row.seconds
    order = sorted(seconds, key=seconds.__getitem__, reverse=True)
    shown = [code for code in order[:2] if code == order[0] or seconds[code] >= 0.2 * group.seconds]
    return ", ".join(words.short_bound(code) for code in shown)


def top(report: Report, options: RenderOptions, *, wide: bool = True) -> Table:
    """Return the table of the most expensive operators, modules or kinds; `wide` adds shapes and more figures."""
    groups = summary.group(report, options.by)
    cells: list[tuple[Column, Cell]] = [
        (Column(options.by.capitalize(), number=False, path=True), lambda row: row.name)
    ]
    if options.by == "operator":
        cells = _operator_cells(report, wide)
    cells += [(Column("calls"), lambda row: units.count(row.calls)), (Column("FLOPs"), _flops_share)]
    cells += [(Column("time"), _time_share), (Column("ms"), _milliseconds)]
    if wide:
        cells += [(Column("least ms"), _least_milliseconds), (Column("FLOP/byte"), _intensity)]
    cells.append((Column("bound by", number=False), bounds))
    shown = groups[: options.top]
    return _table(_top_title(options.by, len(shown), len(groups)), cells, shown)


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


def _milliseconds(group: Group) -> str:
    return units.milliseconds(group.seconds)


def _least_milliseconds(group: Group) -> str:
    return units.milliseconds(group.roofline_seconds)


def _intensity(group: Group) -> str:
    """Return the intensity at the level that binds, or at DRAM where arithmetic does."""
    return units.intensity(group.intensity(group.bound if group.bound in words.LEVELS else "dram"))


def side_by_side(reports: Sequence[Report]) -> Table:
    """Return totals, predicted time by kind and by bound, one column for each report."""
    facts = [{fact.name: fact.value for fact in totals(report)} for report in reports]
    names = dict.fromkeys(name for known in sorted(facts, key=len, reverse=True) for name in known)
    rows = [(name, *(known.get(name, "–") for known in facts)) for name in names]
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
