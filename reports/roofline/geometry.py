"""Where everything lies on a hierarchical roofline plot, in data coordinates; the PNG and the HTML page draw the same.

x is arithmetic intensity in FLOP per byte, y FLOP/s, both logarithmic. Every memory level has its own roof. An operator
is drawn at its intensity with respect to the level that binds it, or to DRAM where arithmetic binds: its point at the
measured or else predicted rate and, at the rate that the ceilings allow, the tip of an arrow or a ring. That lies on
the roof that binds or, where several kernels with different bounds make one row, below. Operators without FLOPs have no
place on logarithmic axes; they go to a rail below the plot and are never dropped.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.report import groups as summary
from memprof.report.digest import ABOVE
from memprof.report.groups import Group
from memprof.report.record import DeviceCeilings, OperatorRow, Report
from memprof.reports.report.tables import engines
from memprof.vocabulary import MEMORY_LEVELS, WAITING

_CELLS_PER_DECADE = 6
"""Rows of equal kind and bound whose points fall into one such cell are drawn as one point."""
_MOST_DECADES = 9.0
_CALLOUT_SHARE = 0.03
_STEM_RATIO = 1.02
"""How far what the roofs allow must lie from a point to be drawn."""


@dataclass(frozen=True, slots=True)
class Roof:
    """A ceiling as a straight line; `ceiling` is its memory level or engine, `device` an index into `Plot.devices`."""

    ceiling: str
    is_memory: bool
    device: int
    per_second: float
    start: tuple[float, float]
    end: tuple[float, float]
    device_kind: str = ""

    @property
    def label(self) -> str:
        """Return the ceiling's name and figure: "DRAM 1.555 TB/s"."""
        if self.is_memory:
            return f"{words.level(self.ceiling)} {units.bytes_per_second(self.per_second)}"
        return f"{words.engine(self.ceiling, self.device_kind)} {units.flops_per_second(self.per_second)}"


@dataclass(frozen=True, slots=True)
class Ridge:
    """Where the DRAM roof meets the roof of an engine: the intensity from which arithmetic binds."""

    engine: str
    device: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Point:
    """A group of like operators; `report` is an index, `level` the memory level that `x` refers to.

    `y` is the measured or else predicted FLOP/s, `roof` what the ceilings allow. `time_name` says which time shares are
    of, `device_kind` what kind of device it is. `x` is None for operators that move no byte but compute
    (drawn at the right edge); operators without FLOPs or time have `y` and `roof` None and belong to the rail.
    """

    report: int
    group: Group
    level: str
    x: float | None
    y: float | None
    roof: float | None
    time_name: str = "predicted time"
    device_kind: str = ""

    @property
    def is_measured(self) -> bool:
        """Return whether the point was measured, not predicted."""
        return self.group.measured_seconds is not None

    @property
    def has_stem(self) -> bool:
        """Return whether the point lies so far from what the roofs allow that both show."""
        if not self.y or not self.roof:
            return False
        return self.roof > _STEM_RATIO * self.y or (self.is_measured and self.y > _STEM_RATIO * self.roof)

    @property
    def text(self) -> str:
        """Describe the point for a reader who points at it."""
        parts = [f"{self.group.kind}: {units.share(self.group.time_share)} of the {self.time_name}"]
        if self.y:
            parts.append(f"{units.intensity(self.x)} FLOP per {words.level(self.level)} byte")
            parts.append(f"{self.time_name.partition(' ')[0]} {units.flops_per_second(self.y)}")
            parts += [f"at most {units.flops_per_second(self.roof)}"] if self.roof else []
        else:
            parts.append(f"no FLOPs, {units.byte_count(self.group.dram_bytes)} of DRAM traffic")
        if self.group.roof_share is not None:
            parts.append(f"{units.percent(self.group.roof_share)} of the roof")
        parts.append(f"bound by {words.bound(self.group.bound, self.device_kind)}")
        return ", ".join(parts) + "\n" + _members(self.group)


@dataclass(frozen=True, slots=True)
class Callout:
    """What DRAM traffic alone would hide: a cache-bound point's ring, and where it would lie if only DRAM mattered."""

    point: Point
    dram_x: float
    dram_y: float

    @property
    def text(self) -> str:
        """Say how much faster the DRAM roof alone would let these operators be."""
        times = units.ratio(self.dram_y / (self.point.roof or self.dram_y))
        bound = words.bound(self.point.group.bound, self.point.device_kind)
        return f"{bound} binds;\nDRAM alone would\nallow {times} as fast"


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything a roofline plot shows, except its words; limits are (least, most) of an axis."""

    devices: tuple[DeviceCeilings, ...]
    roofs: tuple[Roof, ...]
    ridges: tuple[Ridge, ...]
    points: tuple[Point, ...]
    rail: tuple[Point, ...]
    callouts: tuple[Callout, ...]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]

    def fraction(self, x: float | None, y: float | None) -> tuple[float, float]:
        """Return a place as fractions of the axes' lengths; what lies outside the limits is put on the edge."""
        return _fraction(x, self.x_limits, missing=1.0), _fraction(y, self.y_limits, missing=0.0)


def plot(reports: Sequence[Report]) -> Plot:
    """Lay out the roofs of the reports' devices and all their operators."""
    devices = tuple({report.device.name: report.device for report in reports}.values())
    found = [point for index, report in enumerate(reports) for point in _points(index, report)]
    points = sorted((point for point in found if point.y), key=_size, reverse=True)
    rail = sorted((point for point in found if not point.y), key=_size, reverse=True)
    shown = [
        tuple(dict.fromkeys(engine for report in reports if report.device == device for engine in engines(report)))
        for device in devices
    ]
    peaks = [device.peak_flops_per_second[code] for device, codes in zip(devices, shown, strict=True) for code in codes]
    ridges = [
        ridge for index, device in enumerate(devices) for code in shown[index] for ridge in _ridges(index, device, code)
    ]
    found_callouts = [callout for index, report in enumerate(reports) for callout in _callouts(index, report, points)]
    callouts = sorted(found_callouts, key=lambda callout: -callout.point.group.time_seconds)[:1]
    xs = [point.x for point in points if point.x] + [ridge.x for ridge in ridges] + [item.dram_x for item in callouts]
    xs += [
        max(peaks) / bandwidth for device in devices for bandwidth in device.memory_bytes_per_second.values() if peaks
    ]
    ys = [y for point in points for y in (point.y, point.roof) if y] + peaks
    x_limits, y_limits = _limits(xs, (0.4, 2.5)), _limits(ys, (0.4, 3.0))
    roofs = [
        roof
        for index, device in enumerate(devices)
        for roof in _roofs(index, device, shown[index], (x_limits, y_limits))
    ]
    return Plot(devices, tuple(roofs), tuple(ridges), tuple(points), tuple(rail), tuple(callouts), x_limits, y_limits)


def decades(limits: tuple[float, float]) -> list[float]:
    """Return the powers of ten within `limits`."""
    return [
        10.0**exponent for exponent in range(math.ceil(math.log10(limits[0])), math.floor(math.log10(limits[1])) + 1)
    ]


def _points(index: int, report: Report) -> list[Point]:
    """Sum rows of one kind and bound that lie close together into one point each.

    Measured rows of like intensity are one point however their speeds differ, but for those above their roof: small
    ones are often far slower, and an arrow for each would hide what takes time.
    """
    cells: dict[Hashable, list[OperatorRow]] = defaultdict(list)
    whole, measured = summary.wholes(report), summary.is_measured(report)
    for row in report.operators:
        level, x, y, _ = _place(summary.sum_rows("", [row], 0, 0, measured=measured), report.device)
        height = _is_above(row) if measured else _cell(y)
        cells[row.kind, row.bound, row.engine if y else "", level, _cell(x), y is None, height].append(row)
    groups = [summary.sum_rows(rows[0].kind, rows, *whole, measured=measured) for rows in cells.values()]
    told = summary.time_name(report), report.device.kind
    return [Point(index, group, *_place(group, report.device), *told) for group in groups]


def _is_above(row: OperatorRow) -> bool:
    return row.percent_of_roof is not None and row.percent_of_roof > 100 * ABOVE


def _place(group: Group, device: DeviceCeilings) -> tuple[str, float | None, float | None, float | None]:
    """Return the memory level a group is drawn against, its intensity there, its achieved and attainable FLOP/s."""
    if not group.flops or not group.time_seconds:
        return "dram", None, None, None
    order = list(MEMORY_LEVELS)
    if group.bound in WAITING:  # the memory that would hold it up longest if nothing else did
        bandwidths = device.memory_bytes_per_second
        order.sort(key=lambda code: -summary.share(group.bytes_at(code), bandwidths.get(code, 0.0)))
    elif group.bound in order:
        order.insert(0, group.bound)
    level = next((code for code in order if group.bytes_at(code)), "dram")
    roof = group.attainable_flops_per_second or None
    return level, group.intensity(level), group.achieved_flops_per_second, roof


def _roofs(
    index: int, device: DeviceCeilings, shown: Sequence[str], limits: tuple[tuple[float, float], tuple[float, float]]
) -> Iterable[Roof]:
    """Return the slanted roofs up to the highest flat one, and each flat one from the fastest memory's roof onwards."""
    (left, right), (low, high) = limits
    top = max((device.peak_flops_per_second[engine] for engine in shown), default=high)
    fastest = max(device.memory_bytes_per_second.values(), default=math.inf)
    for level in MEMORY_LEVELS:
        bandwidth = device.memory_bytes_per_second.get(level)
        if bandwidth:
            begin, end = max(left, low / bandwidth), min(right, top / bandwidth)
            if begin >= end:  # wholly outside of the plot
                continue
            yield Roof(level, True, index, bandwidth, (begin, begin * bandwidth), (end, end * bandwidth), device.kind)
    for engine in shown:
        peak = device.peak_flops_per_second[engine]
        begin = max(left, min(right, peak / fastest))
        yield Roof(engine, False, index, peak, (begin, peak), (right, peak), device.kind)


def _ridges(index: int, device: DeviceCeilings, engine: str) -> Iterable[Ridge]:
    bandwidth, peak = device.memory_bytes_per_second.get("dram"), device.peak_flops_per_second[engine]
    if bandwidth and peak:
        yield Ridge(engine, index, peak / bandwidth, peak)


def _callouts(index: int, report: Report, points: Sequence[Point]) -> Iterable[Callout]:
    """Return the heaviest point that a cache's bandwidth binds, where DRAM alone would let it be notably faster."""
    bandwidth = report.device.memory_bytes_per_second.get("dram")
    for point in points:
        group, dram_x = point.group, point.group.intensity("dram")
        if point.report != index or point.level == "dram" or group.bound == "dram" or not dram_x or not bandwidth:
            continue
        if group.time_share < _CALLOUT_SHARE or not point.roof or group.bound not in MEMORY_LEVELS:
            continue
        dram_y = min(dram_x * bandwidth, report.device.peak_flops_per_second.get(group.engine, math.inf))
        if dram_y > 1.5 * point.roof:
            yield Callout(point, dram_x, dram_y)
            return


def _limits(values: Sequence[float], margins: tuple[float, float]) -> tuple[float, float]:
    """Return limits around `values`, of at least two decades and at most nine below the greatest."""
    high = max(values, default=1.0) * margins[1]
    low = min(min(values, default=1.0) * margins[0], high / 100)
    return max(low, high / 10**_MOST_DECADES, 1e-300), high


def _fraction(value: float | None, limits: tuple[float, float], missing: float) -> float:
    if not value:
        return missing
    low, high = math.log(limits[0]), math.log(limits[1])
    return min(1.0, max(0.0, (math.log(value) - low) / (high - low)))


def _cell(value: float | None) -> int | None:
    return round(_CELLS_PER_DECADE * math.log10(value)) if value else None


def _size(point: Point) -> float:
    return point.group.time_share


def _members(group: Group) -> str:
    """Name the three longest operators of a group."""
    longest = sorted(group.rows, key=lambda row: -(row.measured_seconds or row.seconds))
    said = [f"{words.operator(row.name, row.kind)} in {row.module or 'the model'}" for row in longest[:3]]
    more = f" and {len(longest) - 3} more" if len(longest) > 3 else ""
    return "; ".join(dict.fromkeys(said)) + more
