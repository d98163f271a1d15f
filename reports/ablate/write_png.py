"""Draws an ablation with matplotlib's objects: each variant's predicted throughput, and what was published."""

from __future__ import annotations

from matplotlib.axes import Axes

from memprof import words
from memprof.reports.ablate import tables
from memprof.reports.compare.tables import rate
from memprof.reports.parts import drawing
from memprof.reports.parts.drawing import write
from memprof.reports.parts.theme import FAINT, FASTER, INK, SLOWER
from memprof.whatif.ablation import Ablation

_BAR, _HEAD, _FOOT = 0.4, 1.2, 0.75
"""Inches that a bar, what is above the bars, and what is below them take."""
_NAMES = 0.19
_ROOM = 0.3
"""Fraction of the panel's width that a bar must have for its figures to be written in it."""


def draw(found: Ablation) -> bytes:
    """Return the plot as a PNG, 1800 pixels wide and as high as the variants need."""
    phases = tables.phases(found)
    height = _HEAD + _BAR * len(found.results) + _FOOT
    title = f"{tables.title(found)}: predicted images/s"
    figure = drawing.start(height, title, tables.subtitle(found))
    width = (0.97 - _NAMES) / len(phases) - 0.02
    for place, phase in enumerate(phases):
        left = _NAMES + place * (width + 0.02)
        axes = figure.add_axes((left, _FOOT / height, width, _BAR * len(found.results) / height))
        _panel(axes, found, phase, names=place == 0)
    marked = any(item.published_images_per_second for result in found.results for item in result.outcomes)
    published = " Diamonds and what is right of them: published, with its own ratio." if marked else ""
    drawing.footnote(figure, f"Bars: predicted, with the ratio to the baseline; blue: faster, red: slower.{published}")
    return drawing.png(figure)


def _panel(axes: Axes, found: Ablation, phase: str, *, names: bool) -> None:
    outcomes = [(row, item) for row, result in enumerate(found.results) if (item := result.outcome(phase))]
    rates = [max(item.images_per_second, item.published_images_per_second or 0.0) for _, item in outcomes]
    axes.set(xlim=(0, 1.28 * max(rates, default=1.0) or 1.0), ylim=(len(found.results) - 0.4, -0.6))
    axes.set_axis_off()
    drawing.panel_title(axes, 1.02, words.phase(phase).capitalize())
    for row, item in outcomes:
        color = FAINT if row == 0 else FASTER if item.ratio >= 1 else SLOWER
        axes.barh(row, item.images_per_second, height=0.6, color=color)
        published = item.published_images_per_second
        said = rate(item.images_per_second) + (f"   {item.ratio:.2f}x" if row else "")
        longest = axes.get_xlim()[1]
        inside = item.images_per_second > _ROOM * longest
        start = 0.02 * longest if inside else item.images_per_second + 0.03 * longest
        write(axes, start, row, said, color="white" if inside else FAINT, fontweight="bold")
        if published:
            axes.plot(published, row, "D", color="white", markeredgecolor=INK, markersize=7, zorder=4)
            ratio = f"   {item.published_ratio:.2f}x" if row and item.published_ratio else ""
            end = max(item.images_per_second, published, 0.0 if inside else start + _ROOM * longest)
            write(axes, end + 0.03 * longest, row, f"{rate(published)}{ratio}", color=FAINT)
    if names:
        for row, result in enumerate(found.results):
            write(
                axes,
                -0.015 * axes.get_xlim()[1],
                row,
                result.change,
                ha="right",
                fontweight="normal" if row else "bold",
            )
