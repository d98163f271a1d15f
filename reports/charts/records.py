"""What a chart shows, in the units of its data: `Plot` for points and lines, `Bars` for lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memprof.reports.charts.ticks import plain


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its name with its unit, its ends (the data's where None), and its ticks (round figures where empty).

    A `log` axis shows only what is above zero. `text` words a tick that is no pair of a place and its text.
    """

    name: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    text: Callable[[float], str] = plain


@dataclass(frozen=True, slots=True)
class Mark:
    """A point. Its name and remarks show when a reader points at it; `label` stands beside it always.

    Rows of tables and marks with the same `key` are chosen together. `low` and `high` are the ends of its error bar.
    """

    x: float
    y: float
    name: str
    remarks: tuple[str, ...] = ()
    key: str = ""
    label: str = ""
    color: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Marks of one name in the legend, "" for none there, and of one class of colour; a `line` may join them."""

    name: str
    color: str
    marks: tuple[Mark, ...]
    line: bool = False
    dashed: bool = False
    dots: bool = True


@dataclass(frozen=True, slots=True)
class Guide:
    """A line for the eye, from (x, y) to (x, y) in the units of the axes, with its name at its end."""

    ends: tuple[tuple[float, float], tuple[float, float]]
    name: str = ""
    color: str = ""
    dashed: bool = True


@dataclass(frozen=True, slots=True)
class Plot:
    """Points and lines; `alt` says to those who do not see it what it shows."""

    alt: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    guides: tuple[Guide, ...] = ()
    title: str = ""
    caption: str = ""
    small: bool = False
    """Whether it stands beside others of its kind, small multiples."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its length, its class of colour, and what it is called in the legend."""

    value: float
    color: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of one or more parts, from `start` on; its value as text stands after it. Parts may be negative."""

    name: str
    parts: tuple[Part, ...]
    text: str = ""
    remarks: tuple[str, ...] = ()
    key: str = ""
    start: float = 0.0
    begins: bool = False
    """Whether a new group begins with it."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars below one another on one scale, which `axis` names with its unit; `alt` says what they show."""

    alt: str
    axis: str
    bars: tuple[Bar, ...]
    title: str = ""
    caption: str = ""
    small: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """An SVG that a template of memprof's own made, names in it escaped; it has no style attributes."""

    alt: str
    svg: str
    title: str = ""
    caption: str = ""
    small: bool = False


Chart = Plot | Bars | Raw
