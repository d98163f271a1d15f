"""The PNG writer of a model at many batch sizes: throughput, latency and memory over the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from memprof import units
from memprof.reports.batches import tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import write
from memprof.reports.parts.theme import FAINT, GRID, INK, WARN
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batch, Batches, Curve

EXTENSION = "png"
_HEIGHT = 6.0
_BOTTOM, _TOP = 0.2, 0.8
_LEFTS, _WIDTH = (0.06, 0.395, 0.73), 0.255
_LEGEND = 0.085
_MOST_NAMED = 5

_Value = Callable[[Batch], float | None]


def render(batches: Batches, options: RenderOptions) -> bytes:
    """Return the plot, 1800 x 900 pixels."""
    figure = drawing.start(_HEIGHT, tables.title(batches), tables.subtitle(batches))
    panels = [figure.add_axes((left, _BOTTOM, _WIDTH, _TOP - _BOTTOM)) for left in _LEFTS]
    noun = batches.curves[0].noun
    _draw(panels[0], batches, lambda batch: batch.images_per_second, f"Throughput, {noun}/s")
    for curve, color in _colored(batches):
        _mark(panels[0], curve, color)
    panels[0].set_ylim(bottom=0)
    _draw(panels[1], batches, lambda batch: 1e3 * batch.seconds, "Latency, ms a step")
    panels[1].set_yscale("log")
    panels[1].yaxis.set_minor_formatter(FuncFormatter(lambda value, place: ""))
    panels[1].yaxis.set_major_formatter(FuncFormatter(lambda value, place: units.number(value, 1)))
    _draw(
        panels[2],
        batches,
        lambda batch: None if (used := batch.peak_memory_bytes) is None else used / 1e9,
        "Memory, GB",
    )
    panels[2].set_ylim(bottom=0)
    _limit(panels[2], batches)
    if len(batches.curves) > 1:
        for place, (curve, color) in enumerate(list(_colored(batches))[:_MOST_NAMED]):
            drawing.legend_mark(figure, _LEFTS[0] + 0.19 * place, _LEGEND, color, curve.model[:26])
    drawing.footnote(
        figure,
        "Predicted. Hollow: does not fit the device's memory. Ringed: the smallest batch within 5 % of the best that "
        "fits. Dotted: the device's memory.",
    )
    return drawing.png(figure)


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
