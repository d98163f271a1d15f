"""Where everything lies on a hierarchical roofline plot, in data coordinates; the PNG and the HTML page draw the same.

x is arithmetic intensity in FLOP per byte, y FLOP/s, both logarithmic. Every memory level has its own roof. An operator
is drawn at its intensity with respect to the level that binds it, or to DRAM where arithmetic binds: its point at the
measured or else predicted rate and, at the rate that the ceilings allow, the tip of an arrow or a ring. That lies on
the roof that binds or, where several kernels with different bounds make one row, below. Where what binds is inside the
SMs (`issue`, `latency`), a short dashed line is its effective ceiling. Operators without FLOPs have no place on
logarithmic axes; they go to a rail below the plot and are never dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from memprof import units, words
from memprof.report.groups import Group
from memprof.report.record import DeviceCeilings

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
    device_family: str = ""

    @property
    def label(self) -> str:
        """Return the ceiling's name and figure: "DRAM 1.555 TB/s"."""
        if self.is_memory:
            return f"{words.level(self.ceiling)} {units.bytes_per_second(self.per_second)}"
        return f"{words.engine(self.ceiling, self.device_family)} {units.flops_per_second(self.per_second)}"


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
    of, `device_family` what kind of device it is. `x` is None for operators that move no byte but compute
    (drawn at the right edge); operators without FLOPs or time have `y` and `roof` None and belong to the rail.
    """

    report: int
    group: Group
    level: str
    x: float | None
    y: float | None
    roof: float | None
    time_name: str = "predicted time"
    device_family: str = ""

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
        parts.append(f"bound by {words.bound(self.group.bound, self.device_family)}")
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
        bound = words.bound(self.point.group.bound, self.point.device_family)
        return f"{bound} binds;\nDRAM alone would\nallow {times} as fast"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a bound inside the SMs, `issue` or `latency`, leaves a point: its effective ceiling, drawn beside it only.

    How many instructions a FLOP needs, and how many loads wait for one another, differs from operator to operator, and
    so does the ceiling: `per_second` FLOP/s, as predicted but for launches.
    """

    point: Point
    per_second: float
    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def label(self) -> str:
        """Return the bound and its figure: "issue 719 GFLOP/s"."""
        bound = words.short_bound(self.point.group.bound, self.point.device_family)
        return f"{bound} {units.flops_per_second(self.per_second)}"


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
    ceilings: tuple[Ceiling, ...] = ()

    def edge(self, point: Point) -> tuple[int, int]:
        """Return beyond which edge a point lies: -1 left or below, 1 right or above, in x and y; (0, 0) on the plot."""
        return _beyond(point.x, self.x_limits), _beyond(point.y, self.y_limits)

    def fraction(self, x: float | None, y: float | None) -> tuple[float, float]:
        """Return a place as fractions of the axes' lengths; what lies outside the limits is put on the edge."""
        return _fraction(x, self.x_limits, missing=1.0), _fraction(y, self.y_limits, missing=0.0)


def decades(limits: tuple[float, float]) -> list[float]:
    """Return the powers of ten within `limits`."""
    return [
        10.0**exponent for exponent in range(math.ceil(math.log10(limits[0])), math.floor(math.log10(limits[1])) + 1)
    ]


def _beyond(value: float | None, limits: tuple[float, float]) -> int:
    return 0 if not value else int(value > limits[1]) - int(value < limits[0])


def _fraction(value: float | None, limits: tuple[float, float], missing: float) -> float:
    if not value:
        return missing
    low, high = math.log(limits[0]), math.log(limits[1])
    return min(1.0, max(0.0, (math.log(value) - low) / (high - low)))


def _members(group: Group) -> str:
    """Name the three longest operators of a group."""
    longest = sorted(group.rows, key=lambda row: -(row.measured_seconds or row.seconds))
    names = [f"{words.operator(row.name, row.kind)} in {row.module or 'the model'}" for row in longest[:3]]
    more = f" and {len(longest) - 3} more" if len(longest) > 3 else ""
    return "; ".join(dict.fromkeys(names)) + more
