"""Figures of an operator's study: time over one parameter, as a heat map over two, or as bars; and the roofline."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from memprof import units, words
from memprof.reports.operator import tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import write
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK
from memprof.reports.writer import RenderOptions
from memprof.whatif.operators import Pass, Point, Study

FORWARD, BACKWARD, ROOFLINE = PASSES_AND_ROOF = ("forward", "backward", "roofline")
_MOST_TICKS, _MOST_NUMBERS, _MOST_BOUNDS = 12, 100, 5
_LINES = "Line: predicted; dots say what binds. Dashed: the least that the ceilings allow."
_SERIES = "Line: predicted. Dashed: the least that the ceilings allow."
_GRID = "Predicted milliseconds; the colour is logarithmic."
_BARS = "Bars: predicted milliseconds. The stroke: the least that the ceilings allow."
_ROOF = " Roofline: FLOPs over bytes at DRAM; filled forward, hollow backward."
_MEASURED = " Diamonds: measured on this machine."


def panels(study: Study) -> tuple[str, ...]:
    """Return the names of the panels: the passes that there are, and the roofline where there are FLOPs."""
    passes = [what for what in (FORWARD, BACKWARD) if any(_pass(point, what).bound for point in study.points)]
    return (*passes, *([ROOFLINE] if any(point.forward.flops for point in study.points) else []))


def draw(study: Study, options: RenderOptions) -> Figure:
    """Draw time forward and backward, and the roofline, a panel each."""
    heading = Heading(tables.title(study), tables.subtitle(study))
    names = panels(study)
    labels = 2.2 if _is_bars(study) else 0.0
    shown = [
        Panel(
            3.4 if labels else 3.7,
            left=labels if labels and what != ROOFLINE else 0.75 if what == ROOFLINE else 0.55,
            below=0.5,
            least=2.3 + 0.8 * labels,
            grows=True,
            aspect=1.0,
        )
        for what in names
    ]
    note = _GRID if len(study.varied) == 2 else _BARS if _is_bars(study) else _SERIES if study.variants else _LINES
    note += _ROOF if ROOFLINE in names else ""
    note += _MEASURED if any(point.forward.measured_seconds for point in study.points) else ""
    figure, axes = sheet(options.look, heading, shown, legend=_legend(study), note=note)
    for item, what in zip(axes, names, strict=True):
        draw_on(item, study, what)
    return figure


def draw_on(axes: Axes, study: Study, what: str) -> None:
    """Draw one of the panels."""
    if what == ROOFLINE:
        _roofline(axes, study)
    elif len(study.varied) == 2:
        _heat(axes, study, what)
    elif _is_bars(study):
        _bars(axes, study, what)
    else:
        _curves(axes, study, what)
    title = "Roofline" if what == ROOFLINE else f"{what.capitalize()}, ms"
    drawing.panel_title(axes, 1.03, title)


def _is_bars(study: Study) -> bool:
    return not study.varied


def _letter(study: Study, place: int) -> str:
    """Return what stands for a variant where its name has no room; "" where there is only one."""
    return f"{chr(ord('a') + place)}: " if study.variants else ""


def _pass(point: Point, what: str) -> Pass:
    return point.backward if what == BACKWARD else point.forward


def _series(study: Study) -> list[tuple[str, str, list[Point]]]:
    """Return name, colour and points of each variant; of an operator without variants its one series."""
    names, colors = _slots(study), theme.SERIES_COLORS if study.variants else (INK,)
    return [
        (name, colors[place % len(colors)], list(study.points[place :: len(names)])) for place, name in enumerate(names)
    ]


def _slots(study: Study) -> list[str]:
    """Return what each variant is called, by the last setting: names may hold the kernel's size."""
    if not study.variants:
        return [""]
    last = [point.variant for point in study.points if point.values == study.points[-1].values]
    if len(study.varied) and study.varied[0][0] == "kernel":
        size = str(study.points[-1].value("kernel"))
        return [re.sub(" by [0-9]+$", "", name.replace(size, "k")) for name in last]
    return last


def _legend(study: Study) -> list[Entry]:
    if study.variants and not _is_bars(study):
        return [Entry(color, name[:44]) for name, color, _ in _series(study)]
    if len(study.varied) == 2:
        return []
    bounds = dict.fromkeys(_pass(point, what).bound for point in study.points for what in (FORWARD, BACKWARD))
    named = [bound for bound in bounds if bound][:_MOST_BOUNDS]
    return [
        Entry(theme.bound_color(bound), f"bound by {words.short_bound(bound, study.device_family)}") for bound in named
    ]


def _curves(axes: Axes, study: Study, what: str) -> None:
    name, values = study.varied[0]
    for _, color, points in _series(study):
        x = [point.value(name) for point in points]
        found = [_pass(point, what) for point in points]
        axes.plot(x, [1e3 * item.seconds for item in found], "-", color=color, linewidth=1.9)
        axes.plot(x, [1e3 * item.roofline_seconds for item in found], "--", color=color, linewidth=1.1, alpha=0.6)
        for place, item in zip(x, found, strict=True):
            dot = color if study.variants else theme.bound_color(item.bound)
            axes.plot(place, 1e3 * item.seconds, "o", color=dot, markersize=5.5, zorder=4)
            if item.measured_seconds is not None:
                axes.plot(place, 1e3 * item.measured_seconds, "D", color="white", markeredgecolor=color, zorder=5)
    _scale(axes, [_pass(point, what) for point in study.points])
    if name != "kernel" and values[-1] / values[0] > 4:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_minor_locator(NullLocator())
    every = -(-len(values) // _MOST_TICKS)
    axes.set_xticks(list(values)[::every], [str(value) for value in values][::every])
    drawing.plain(axes, 8.5)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_xlabel(name.replace("_", " "), fontsize=10, color=INK)


def _scale(axes: Axes, passes: Sequence[Pass]) -> None:
    """Take a logarithmic scale where measurements and predictions, or the ends of the range, lie far apart."""
    seen = [value for item in passes for value in (item.seconds, item.measured_seconds) if value]
    if seen and max(seen) > 30 * min(seen):
        axes.set_yscale("log")
        _plain_numbers(axes.yaxis)
    else:
        axes.set_ylim(bottom=0)


def _plain_numbers(axis: Axis) -> None:
    """Write 0.1, 1 and 10 on a logarithmic axis, and nothing between them."""
    axis.set_major_formatter(FuncFormatter(lambda value, place: units.number(value, 1)))
    axis.set_minor_formatter(FuncFormatter(lambda value, place: ""))


def _heat(axes: Axes, study: Study, what: str) -> None:
    (down, rows), (across, columns) = study.varied
    place = {(point.value(down), point.value(across)): 1e3 * _pass(point, what).seconds for point in study.points}
    cells = [[place[row, column] for column in columns] for row in rows]
    flat = [max(value, 1e-9) for line in cells for value in line]
    colors = LinearSegmentedColormap.from_list("memprof", ["#f3f7fb", theme.BLUE, "#0b2540"])
    scale = LogNorm(min(flat), max(*flat, 1.001 * min(flat)))
    axes.pcolormesh(cells, cmap=colors, norm=scale, edgecolors="white", linewidth=0.8)
    if len(flat) <= _MOST_NUMBERS:
        size = 8.5 if len(columns) <= 7 else 6.5
        for y, line in enumerate(cells):
            for x, value in enumerate(line):
                ground = to_hex(colors(scale(max(value, 1e-9))))
                drawing.write_on(axes, x + 0.5, y + 0.5, units.number(value), ground, ha="center", fontsize=size)
    for axis, values in ((axes.xaxis, columns), (axes.yaxis, rows)):
        every = -(-len(values) // _MOST_TICKS)
        axis.set_ticks(
            [place + 0.5 for place in range(len(values))][::every], [str(value) for value in values][::every]
        )
    axes.tick_params(labelsize=8.5, colors=FAINT, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel(across.replace("_", " "), fontsize=10, color=INK)
    axes.set_ylabel(down.replace("_", " "), fontsize=10, color=INK)


def _bars(axes: Axes, study: Study, what: str) -> None:
    points = study.points
    most = max(1e3 * max(_pass(point, what).seconds, _pass(point, what).measured_seconds or 0) for point in points) or 1
    for place, point in enumerate(points):
        item = _pass(point, what)
        axes.barh(place, 1e3 * item.seconds, height=0.6, color=theme.bound_color(item.bound))
        axes.plot([1e3 * item.roofline_seconds] * 2, [place - 0.38, place + 0.38], color=theme.VERMILION, linewidth=2)
        write(axes, 1e3 * item.seconds + 0.015 * most, place, units.milliseconds(item.seconds), fontsize=8.5)
        if item.measured_seconds is not None:
            axes.plot(1e3 * item.measured_seconds, place, "D", color="white", markeredgecolor=INK, zorder=5)
    named = [f"{_letter(study, place)}{point.variant or study.operator}" for place, point in enumerate(points)]
    names = ["\n".join(drawing.wrap(name, 8.5, 2.1, 3)) for name in named]
    axes.set_yticks(range(len(points)), names)
    axes.set(xlim=(0, 1.22 * most), ylim=(len(points) - 0.4, -0.6))
    drawing.plain(axes, 8.5)
    axes.grid(axis="x", color=GRID, linewidth=0.7)


def _roofline(axes: Axes, study: Study) -> None:
    """Draw what each pass reaches against DRAM's roof and the peaks of the engines."""
    bandwidth, peaks = dict(study.memory_bytes_per_second).get("dram"), dict(study.peak_flops_per_second)
    seen, by_bound = [], _is_bars(study) or not study.variants
    for order, (_, color, points) in enumerate(_series(study)):
        for point in points:
            for what, item in ((FORWARD, point.forward), (BACKWARD, point.backward)):
                if item.bound and item.intensity and item.seconds:
                    dot = theme.bound_color(item.bound) if by_bound else color
                    rate = item.flops / item.seconds
                    face = dot if what == FORWARD else "white"
                    axes.plot(item.intensity, rate, "o", color=face, markeredgecolor=dot, markersize=6, zorder=4)
                    seen.append((item.intensity, rate))
                    if by_bound and study.variants and what == FORWARD:
                        letter = f" {_letter(study, order)[0]}"
                        write(axes, item.intensity, rate, letter, fontsize=8.5, va="bottom")
    if not seen:
        return
    left, right = 0.4 * min(x for x, _ in seen), 3 * max(x for x, _ in seen)
    top = max([y for _, y in seen] + list(peaks.values()))
    if bandwidth:
        end = min(right, top / bandwidth)
        axes.plot([left, end], [left * bandwidth, end * bandwidth], "-", color=INK, linewidth=1.6)
        write(axes, 0.45 * end, 0.9 * end * bandwidth, "DRAM ", color=FAINT, ha="right", fontsize=8)
    for engine, peak in peaks.items():
        start = max(left, peak / bandwidth) if bandwidth else left
        if engine == "fp16" or start > right:
            continue
        axes.plot([start, right], [peak, peak], "-", color=INK, linewidth=1.6)
        write(
            axes,
            right,
            0.72 * peak,
            f"{words.engine(engine, study.device_family)} ",
            color=FAINT,
            ha="right",
            fontsize=8,
        )
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(0.3 * min(y for _, y in seen), 3 * top))
    ticks = range(math.ceil(math.log10(0.3 * min(y for _, y in seen))), math.floor(math.log10(3 * top)) + 1)
    axes.set_yticks([10.0**power for power in ticks], [units.flops_per_second(10.0**power) for power in ticks])
    _plain_numbers(axes.xaxis)
    axes.yaxis.set_minor_locator(NullLocator())
    drawing.plain(axes, 8)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_xlabel("FLOP per byte at DRAM", fontsize=10, color=INK)
