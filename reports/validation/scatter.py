"""Predicted against measured as a figure: a logarithmic plot, and how the ratios are spread."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from memprof import units
from memprof.reports.look import Look
from memprof.reports.parts import drawing
from memprof.reports.parts.drawing import inches, name_x
from memprof.reports.parts.sheets import Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK, SERIES_COLORS
from memprof.reports.validation.document import percent
from memprof.reports.validation.series import BAND, MOST_NAMES, by_series
from memprof.validation.statistics import errors

_SERIES = 0.55
"""Inches of the row of a series."""
_MOST_SERIES = len(SERIES_COLORS)
_TICKS = {
    1.15: (1.05, 1.1, 1.15),
    1.3: (1.1, 1.2, 1.3),
    1.5: (1.1, 1.3, 1.5),
    2.0: (1.1, 1.4, 2.0),
    3.0: (1.3, 2.0, 3.0),
    5.0: (1.5, 3.0, 5.0),
    10.0: (2.0, 4.0, 10.0),
}
"""How far the axis of ratios may reach to either side of 1, and what is written at it."""
_FEW, _LEAST_PLACES = 100, 3
_FINE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
_BACKING = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


@dataclass(frozen=True, slots=True)
class Dot:
    """One point: both figures in one unit, above zero."""

    series: str
    name: str
    measured: float
    predicted: float


@dataclass(frozen=True, slots=True)
class Dots:
    """What a validation shows: the points, where they are from, their unit, and which have names if far off."""

    dots: Sequence[Dot]
    file: str
    devices: Sequence[str]
    unit: str
    named: Set[str] = frozenset()


PANELS = ("scatter", "ratios")
"""The panels of a validation."""


def draw(shown: Dots, look: Look) -> Figure:
    """Draw dots, coloured by series, and how their ratios are spread."""
    file = shown.file
    title = f"Predicted against measured: {file.rpartition('/')[2] if file.endswith('.csv') else file}"
    heading = Heading(title, f"on {', '.join(dict.fromkeys(shown.devices))}")
    rows = max(len(by_series(shown.dots, _MOST_SERIES)), _LEAST_PLACES)
    panels = [
        Panel(5.25, left=0.65, below=0.45, share=0.61, least=4.0, grows=True, aspect=1.0),
        Panel(_SERIES * rows, below=0.45, share=0.39, least=2.6, grows=True, fills=True),
    ]
    figure, axes = sheet(look, heading, panels)
    for item, what in zip(axes, PANELS, strict=True):
        draw_on(item, shown, what)
    return figure


def draw_on(axes: Axes, shown: Dots, what: str) -> None:
    """Draw one of `PANELS`."""
    series = by_series(shown.dots, _MOST_SERIES)
    if what == "scatter":
        _scatter(axes, series, shown.unit, shown.named)
    else:
        _spread(axes, series)


def _scatter(axes: Axes, series: dict[str, list[Dot]], unit: str, named: Set[str]) -> None:
    values = [value for dots in series.values() for dot in dots for value in (dot.measured, dot.predicted)]
    low, high = min(values) / 1.25, max(values) * 1.25
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    ends = np.array([low, high])
    axes.fill_between(ends, ends * (1 - BAND), ends * (1 + BAND), color=INK, alpha=0.09, linewidth=0, zorder=1)
    axes.plot(ends, ends, color=INK, linewidth=1.0, zorder=2)
    many = sum(map(len, series.values())) > _FEW
    style = {"alpha": 0.45 if many else 0.8, "markersize": 3.6 if many else 7, "markeredgewidth": 0.3 if many else 0.8}
    for color, dots in zip(SERIES_COLORS, series.values(), strict=False):
        x, y = [dot.measured for dot in dots], [dot.predicted for dot in dots]
        axes.plot(x, y, "o", color=color, markeredgecolor="white", zorder=3, **style)  # type: ignore[arg-type]
    _ticks(axes, unit, low, high)
    _names(axes, series, named, low, high)
    axes.set_xlabel(f"measured, {_axis(unit)}", fontsize=9, color=INK)
    axes.set_title(f"predicted, {_axis(unit)}", fontsize=9, color=INK, loc="left")
    band = f"band: within {BAND * 100:.0f} % of what was measured"
    axes.text(0.985, 0.025, band, ha="right", fontsize=8, color=FAINT, transform=axes.transAxes)


def _axis(unit: str) -> str:
    return "latency" if unit == "s" else unit


def _ticks(axes: Axes, unit: str, low: float, high: float) -> None:
    steps = _FINE if high / low < 30 else (1.0, 2.0, 5.0) if high / low < 1000 else (1.0,)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=steps, numticks=30))
        axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, unit)))
        axis.set_minor_formatter(NullFormatter())
    drawing.plain(axes, 8)
    axes.grid(color=GRID, linewidth=0.7)


def _tick(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:,.0f}" if value >= 1 else units.number(value, 1)
    return units.seconds(value).replace(".00 ", " ").replace(".0 ", " ")


def _names(axes: Axes, series: dict[str, list[Dot]], named: Set[str], low: float, high: float) -> None:
    """Name the dots that are furthest off, each on its side of the line and above one another where they are close."""
    wanted = [dot for dots in series.values() for dot in dots if dot.name in named]
    chosen = sorted(wanted, key=lambda dot: -abs(math.log(dot.predicted / dot.measured)))[:MOST_NAMES]
    taken: list[tuple[float, float]] = []
    span = math.log(high / low)
    for dot in chosen:
        x, y = math.log(dot.measured / low) / span, math.log(dot.predicted / low) / span
        if any(abs(x - other[0]) < 0.25 and abs(y - other[1]) < 0.03 for other in taken):
            continue
        taken.append((x, y))
        above = dot.predicted > dot.measured
        axes.annotate(
            dot.name[:40],
            (dot.measured, dot.predicted),
            xytext=(-6 if above else 6, 3 if above else -3),
            textcoords="offset points",
            fontsize=7,
            color=INK,
            ha="right" if above else "left",
            va="bottom" if above else "top",
            parse_math=False,
            zorder=5,
        )


def _spread(axes: Axes, series: dict[str, list[Dot]]) -> None:
    """Draw the ratios of each series in a row of its own, its middle half as a bar, and its mean error in words."""
    ratios_of = {name: np.array([dot.predicted / dot.measured for dot in dots]) for name, dots in series.items()}
    widest = edge_of(np.concatenate([*ratios_of.values()]) if ratios_of else np.ones(1))
    edge = math.log2(widest)
    axes.axvspan(math.log2(1 - BAND), math.log2(1 + BAND), color=INK, alpha=0.09, linewidth=0)
    axes.axvline(0, color=INK, linewidth=1.0)
    shuffle = np.random.default_rng(0)
    for place, (color, (name, dots)) in enumerate(zip(SERIES_COLORS, series.items(), strict=False)):
        exact = np.log2(ratios_of[name])
        x = np.clip(exact, -edge, edge)
        y = place + shuffle.uniform(-0.16, 0.16, len(dots))
        style: dict[str, Any] = {"color": color, "alpha": 0.3 if len(dots) > _FEW else 0.7, "markeredgewidth": 0}
        for mark, size, those in (("o", 3, abs(exact) <= edge), (">", 5, exact > edge), ("<", 5, exact < -edge)):
            axes.plot(x[those], y[those], mark, markersize=size, clip_on=False, **style)
        low, middle, high = np.percentile(x, (25, 50, 75))
        axes.plot((low, high), (place, place), color=INK, linewidth=3, alpha=0.75, solid_capstyle="round")
        axes.plot(middle, place, "o", color="white", markeredgecolor=INK, markersize=6)
        off = errors([dot.predicted for dot in dots], [dot.measured for dot in dots]).mean_absolute_percentage_error
        caption = f"{name}: {len(dots):,} rows, mean error {percent(off)}"
        words: dict[str, Any] = {"fontsize": 8.5, "va": "center", "bbox": _BACKING}
        axes.text(-edge, place - 0.27, "■", color=color, **words)
        left = -edge + 2 * edge * 0.15 / inches(axes)[0]
        drawing.write(axes, left, place - 0.27, caption, fontweight="bold", **words)
    axes.set(xlim=(-edge * 1.03, edge * 1.03), ylim=(max(len(series), _LEAST_PLACES) - 0.5, -0.6))
    above = _TICKS[widest]
    shown = [*(1 / value for value in reversed(above)), 1.0, *above]
    axes.set_xticks([math.log2(value) for value in shown], [f"{value:.2f}" for value in shown])
    axes.set_yticks([])
    drawing.plain(axes, 8)
    axes.spines["left"].set_visible(False)
    beyond = "; arrows: beyond" if any(abs(np.log2(item)).max() > edge for item in ratios_of.values()) else ""
    name_x(axes, f"predicted / measured; bar: the middle half of the rows{beyond}")


def edge_of(ratios: NDArray[np.float64]) -> float:
    """Return how far the axis of ratios reaches, as a factor: over all but one in fifty, and 10 at most."""
    furthest = float(np.percentile(np.maximum(ratios, 1 / ratios), 98))
    return next((edge for edge in _TICKS if furthest <= edge), max(_TICKS))
