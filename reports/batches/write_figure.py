"""Figures of a model at many batch sizes: throughput, latency and memory over the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from memprof import units
from memprof.reports.batches import tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import write
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, GRID, INK, WARN
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batch, Batches, Curve

PANELS = ("throughput", "latency", "memory")
"""What is drawn, each on axes of its own."""
_NOTE = (
    "Predicted. Hollow: does not fit the device's memory. Ringed: the smallest batch within 5 % of the best that fits. "
    "Dotted: the device's memory."
)
_MOST_NAMED = 5

_Value = Callable[[Batch], float | None]


def draw(batches: Batches, options: RenderOptions) -> Figure:
    """Draw throughput, latency and memory over the batch, a panel each."""
    heading = Heading(tables.title(batches), tables.subtitle(batches))
    panels = [Panel(3.6, left=0.5, below=0.5, least=2.3, grows=True, aspect=1.0)] * len(PANELS)
    several = len(batches.curves) > 1
    legend = [Entry(color, curve.model[:26]) for curve, color in _colored(batches)] if several else []
    figure, axes = sheet(options.look, heading, panels, legend=legend[:_MOST_NAMED], note=_NOTE)
    for item, what in zip(axes, PANELS, strict=True):
        draw_on(item, batches, what)
    return figure


def panels(batches: Batches) -> tuple[str, ...]:
    """Return the names of the panels: what is drawn over the batch."""
    return PANELS


def draw_on(axes: Axes, batches: Batches, what: str) -> None:
    """Draw one of `PANELS`."""
    if what == "throughput":
        _draw(axes, batches, lambda batch: batch.images_per_second, f"Throughput, {batches.curves[0].noun}/s")
        for curve, color in _colored(batches):
            _mark(axes, curve, color)
        axes.set_ylim(bottom=0)
    elif what == "latency":
        _draw(axes, batches, lambda batch: 1e3 * batch.seconds, "Latency, ms a step")
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, place: ""))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: units.number(value, 1)))
    else:
        _draw(axes, batches, _gigabytes, "Memory, GB")
        axes.set_ylim(bottom=0)
        _limit(axes, batches)


def _colored(batches: Batches) -> list[tuple[Curve, str]]:
    colors = theme.SERIES_COLORS
    return [(curve, colors[place % len(colors)]) for place, curve in enumerate(batches.curves)]


def _draw(axes: Axes, batches: Batches, value: _Value, title: str) -> None:
    for curve, color in _colored(batches):
        shown = [(batch, y) for batch in curve.batches if (y := value(batch)) is not None]
        axes.plot([batch.batch_size for batch, _ in shown], [y for _, y in shown], "-", color=color, linewidth=1.8)
        for batch, y in shown:
            face = "white" if batch.fits is False else color
            axes.plot(batch.batch_size, y, "o", color=face, markeredgecolor=color, markersize=5.5, zorder=4)
    _decorate(axes, sorted({batch.batch_size for curve in batches.curves for batch in curve.batches}))
    drawing.panel_title(axes, 1.03, title)


def _mark(axes: Axes, curve: Curve, color: str) -> None:
    """Ring the smallest batch near the best, and say which it is."""
    enough = curve.at(curve.enough)
    if enough is None:
        return
    x, y = enough.batch_size, enough.images_per_second
    axes.plot(x, y, "o", color="none", markeredgecolor=color, markeredgewidth=1.6, markersize=13, zorder=5)
    axes.annotate(
        f"batch {x}",
        (x, y),
        xytext=(9, -14),
        textcoords="offset points",
        fontsize=9.5,
        color=INK,
        parse_math=False,
    )


def _gigabytes(batch: Batch) -> float | None:
    return None if batch.peak_memory_bytes is None else batch.peak_memory_bytes / 1e9


def _limit(axes: Axes, batches: Batches) -> None:
    """Draw the device's memory, or say how large it is where the batches do not come near it."""
    capacity = batches.memory_capacity_bytes
    most = max((_gigabytes(batch) or 0.0 for curve in batches.curves for batch in curve.batches), default=0.0)
    if capacity is None:
        return
    left, size = axes.get_xlim()[0], units.byte_count(capacity)
    if most < 0.4e-9 * capacity:
        axes.set_ylim(0, 1.12 * most)
        write(axes, left, 1.07 * most, f" the device has {size}", color=FAINT, fontsize=9)
        return
    axes.axhline(capacity / 1e9, color=WARN, linestyle=":", linewidth=1.4)
    write(axes, left, capacity / 1e9, f" {size}", color=WARN, va="bottom", fontsize=9)


def _decorate(axes: Axes, sizes: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    every = -(-len(sizes) // 10)
    axes.set_xticks(list(sizes)[::every], [str(size) for size in sizes][::every])
    axes.xaxis.set_minor_locator(NullLocator())
    drawing.plain(axes, 8.5)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_xlabel("batch size", fontsize=10, color=INK)
