"""Builds a roofline plot of digests: which rows are one point, where points and roofs lie, what the axes span."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain

from memprof.report.digest import Digest
from memprof.report.groups import ABOVE_ROOF, Group, seconds_of, share, sum_rows
from memprof.report.record import DeviceCeilings, OperatorRow
from memprof.reports.parts import theme
from memprof.reports.roofline.geometry import Callout, Ceiling, Plot, Point, Ridge, Roof
from memprof.vocabulary import DRAM, ISSUE, LATENCY, MEMORY_LEVELS, WAITING

_CELLS_PER_DECADE = 6
"""Rows of equal kind and bound whose points fall into one such cell are drawn as one point."""
_MOST_DECADES = 9.0
_CALLOUT_SHARE = 0.03
MATTERS = 1e-3
"""Least share of time of a point that the axes make room for."""
_INSIDE = (ISSUE, LATENCY)
_MOST_CEILINGS, _CEILING_REACH = 4, 2.2
"""Effective ceilings that are drawn, and how far to either side, as a factor of the intensity."""
_X_MARGINS, _Y_MARGINS = (0.4, 2.5), (0.4, 3.0)


Limits = tuple[tuple[float, float], tuple[float, float]]
"""Of both axes, each its least and its most."""


def build_plot(digests: Sequence[Digest], limits: Limits | None = None) -> Plot:
    """Lay out the roofs of the reports' devices and all their operators.

    Without `limits` the axes span what takes notable time: a point of less may lie beyond an edge (`Plot.edge`).
    """
    devices = tuple({digest.device.name: digest.device for digest in digests}.values())
    shown = [_shown_engines(device, digests) for device in devices]
    placed = [point for index, digest in enumerate(digests) for point in _points(index, digest)]
    placed.sort(key=lambda point: point.group.time_share, reverse=True)
    points = tuple(point for point in placed if point.y)
    callouts = _callouts(digests, points)
    ridges = tuple(chain.from_iterable(map(_ridges, range(len(devices)), devices, shown)))
    peaks = [device.peak_flops_per_second[code] for device, codes in zip(devices, shown, strict=True) for code in codes]
    limits = limits or _limits_of(points, ridges, callouts, devices, peaks)
    roofs = tuple(roof for index, device in enumerate(devices) for roof in _roofs(index, device, shown[index], limits))
    rail = tuple(point for point in placed if not point.y)
    return Plot(devices, roofs, ridges, points, rail, callouts, *limits, _ceilings(digests, points, limits[0]))


def hidden_share(plot: Plot) -> float:
    """Return the mean share of the reports' time whose marks lie mostly under a mark of another report."""
    hidden = reports = 0.0
    placed = [(point, plot.fraction(point.x, point.y), theme.radius(point.group.time_share)) for point in plot.points]
    for point, (x, y), radius in placed:
        near = (
            other
            for other, (at, up), reach in placed
            if other.report != point.report and math.hypot(at - x, up - y) < max(radius, reach)
        )
        hidden += point.group.time_share * any(near)
        reports = max(reports, point.report + 1.0)
    return hidden / max(1.0, reports)


def _shown_engines(device: DeviceCeilings, digests: Sequence[Digest]) -> tuple[str, ...]:
    own = (digest.shown_engines for digest in digests if digest.device == device)
    return tuple(dict.fromkeys(chain.from_iterable(own)))


def _limits_of(
    points: Sequence[Point],
    ridges: Sequence[Ridge],
    callouts: Sequence[Callout],
    devices: Sequence[DeviceCeilings],
    peaks: Sequence[float],
) -> Limits:
    matters = [point for point in points if point.group.time_share >= MATTERS] or points
    return _x_limits(matters, ridges, callouts, devices, peaks), _y_limits(matters, peaks)


def _x_limits(
    points: Sequence[Point],
    ridges: Sequence[Ridge],
    callouts: Sequence[Callout],
    devices: Sequence[DeviceCeilings],
    peaks: Sequence[float],
) -> tuple[float, float]:
    """Return limits that hold all points, and where the highest roof meets the roof of each memory."""
    xs = [point.x for point in points if point.x] + [ridge.x for ridge in ridges] + [item.dram_x for item in callouts]
    if peaks:
        bandwidths = chain.from_iterable(device.memory_bytes_per_second.values() for device in devices)
        xs += [max(peaks) / bandwidth for bandwidth in bandwidths]
    return _limits(xs, _X_MARGINS)


def _y_limits(points: Sequence[Point], peaks: Sequence[float]) -> tuple[float, float]:
    speeds = [speed for point in points for speed in (point.y, point.roof) if speed]
    return _limits([*speeds, *peaks], _Y_MARGINS)


def _points(index: int, digest: Digest) -> list[Point]:
    """Sum rows of one kind and bound that lie close together into one point each.

    Measured rows of like intensity are one point however their speeds differ, but for those above their roof: small
    ones are often far slower, and an arrow for each would hide what takes time.
    """
    cells: dict[Hashable, list[OperatorRow]] = defaultdict(list)
    for row in digest.report.operators:
        seconds = seconds_of(row, is_measured=digest.is_measured)
        is_drawn = bool(row.flops and seconds)  # the others are the rail's
        level = level_of(row, digest.device) if is_drawn else DRAM
        moved = row.bytes_at(level)
        x = row.flops / moved if is_drawn and moved else None
        y = row.flops / seconds if is_drawn else None
        height = _is_above(row) if digest.is_measured else _cell(y)
        cells[row.kind, row.bound, row.engine if y else "", level, _cell(x), y is None, height].append(row)
    groups = [sum_rows(rows[0].kind, rows, digest.wholes) for rows in cells.values()]
    return [_point(index, group, digest) for group in groups]


def _point(index: int, group: Group, digest: Digest) -> Point:
    """Place a group: the memory level it is drawn against, its intensity there, its achieved and attainable FLOP/s."""
    names = digest.time.name, digest.device.family
    if not has_place(group):
        return Point(index, group, DRAM, None, None, None, *names)
    level = level_of(group, digest.device)
    roof = group.attainable_flops_per_second or None
    return Point(index, group, level, group.intensity(level), group.achieved_flops_per_second, roof, *names)


def has_place(group: Group) -> bool:
    """Return whether a group has a place between the axes: it computes, and takes time."""
    return bool(group.flops and group.time_seconds)


def level_of(item: Group | OperatorRow, device: DeviceCeilings) -> str:
    """Return the memory level that binds, or else the outermost one that any byte crosses."""
    order = list(MEMORY_LEVELS)
    if item.bound in (*WAITING, ISSUE, LATENCY):  # the memory that would hold it up longest if nothing else did
        bandwidths = device.memory_bytes_per_second
        order.sort(key=lambda code: -share(item.bytes_at(code), bandwidths.get(code, 0.0)))
    elif item.bound in order:
        order.insert(0, item.bound)
    return next((code for code in order if item.bytes_at(code)), DRAM)


def _is_above(row: OperatorRow) -> bool:
    return row.percent_of_roof is not None and row.percent_of_roof > 100 * ABOVE_ROOF


def _roofs(index: int, device: DeviceCeilings, shown: Sequence[str], limits: Limits) -> Iterable[Roof]:
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
            yield Roof(level, True, index, bandwidth, (begin, begin * bandwidth), (end, end * bandwidth), device.family)
    for engine in shown:
        peak = device.peak_flops_per_second[engine]
        begin = max(left, min(right, peak / fastest))
        yield Roof(engine, False, index, peak, (begin, peak), (right, peak), device.family)


def _ridges(index: int, device: DeviceCeilings, shown: Sequence[str]) -> Iterable[Ridge]:
    bandwidth = device.memory_bytes_per_second.get(DRAM)
    for engine in shown:
        peak = device.peak_flops_per_second[engine]
        if bandwidth and peak:
            yield Ridge(engine, index, peak / bandwidth, peak)


def _ceilings(digests: Sequence[Digest], points: Sequence[Point], x_limits: tuple[float, float]) -> tuple[Ceiling, ...]:
    """Return the effective ceilings of kinds that issuing instructions, or latency, binds, at the heaviest of each."""
    heaviest: dict[tuple[int, str, str], Point] = {}
    shares: dict[tuple[int, str, str], float] = defaultdict(float)
    for point in points:
        key = point.report, point.group.kind, point.group.bound
        heaviest.setdefault(key, point)
        shares[key] += point.group.time_share
    known = [point for key, point in heaviest.items() if key[2] in _INSIDE and shares[key] >= _CALLOUT_SHARE]
    ceilings = (_ceiling(point, digests[point.report], x_limits) for point in known)
    return tuple(item for item in ceilings if item)[:_MOST_CEILINGS]


def _ceiling(point: Point, digest: Digest, x_limits: tuple[float, float]) -> Ceiling | None:
    launch = digest.device.achievable.get("launch_seconds", 0.0)
    seconds = point.group.seconds - point.group.launches * launch
    if not point.x or seconds <= 0:
        return None
    rate = point.group.flops / seconds
    begin, end = max(x_limits[0], point.x / _CEILING_REACH), min(x_limits[1], point.x * _CEILING_REACH)
    return Ceiling(point, rate, (begin, rate), (end, rate))


def _callouts(digests: Sequence[Digest], points: Sequence[Point]) -> tuple[Callout, ...]:
    """Return the longest of each report's heaviest points that a cache binds and DRAM alone would not; at most one."""
    own = [_callout(index, digest, points) for index, digest in enumerate(digests)]
    callouts = sorted(filter(None, own), key=lambda callout: -callout.point.group.time_seconds)
    return tuple(callouts[:1])


def _callout(index: int, digest: Digest, points: Sequence[Point]) -> Callout | None:
    """Return the heaviest point that a cache's bandwidth binds, where DRAM alone would let it be notably faster."""
    bandwidth, peaks = digest.device.memory_bytes_per_second.get(DRAM), digest.device.peak_flops_per_second
    for point in points:
        dram_x = point.group.intensity(DRAM)
        if point.report != index or not _is_held_up_by_a_cache(point) or not dram_x or not bandwidth:
            continue
        dram_y = min(dram_x * bandwidth, peaks.get(point.group.engine, math.inf))
        if point.roof and dram_y > 1.5 * point.roof:
            return Callout(point, dram_x, dram_y)
    return None


def _is_held_up_by_a_cache(point: Point) -> bool:
    is_cache = point.group.bound in MEMORY_LEVELS and DRAM not in (point.level, point.group.bound)
    return is_cache and point.group.time_share >= _CALLOUT_SHARE


def _limits(values: Sequence[float], margins: tuple[float, float]) -> tuple[float, float]:
    """Return limits around `values`, of at least two decades and at most nine below the greatest."""
    high = max(values, default=1.0) * margins[1]
    low = min(min(values, default=1.0) * margins[0], high / 100)
    return max(low, high / 10**_MOST_DECADES, 1e-300), high


def _cell(value: float | None) -> int | None:
    return round(_CELLS_PER_DECADE * math.log10(value)) if value else None
