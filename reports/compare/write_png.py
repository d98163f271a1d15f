"""The PNG writer of a comparison: predicted time per image stacked by kind, a panel for each phase."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from memprof import units, words
from memprof.comparisons import models
from memprof.comparisons.models import Comparison, Step
from memprof.reports.compare import tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import write
from memprof.reports.parts.eliding import elide_end
from memprof.reports.parts.theme import FAINT
from memprof.reports.writer import RenderOptions

EXTENSION = "png"
_BAR, _HEAD, _FOOT = 0.62, 1.2, 0.62
"""Inches that a bar with its label, what is above the bars, and what is below them take."""
_LEAST_BARS = 1
_LEAST_SHARE = 0.08
"""Least fraction of the panel's width that a part must have for its share to be written in it."""
_LEGEND_COLUMNS, _LETTERS = 6, 44


def render(comparison: Comparison, options: RenderOptions) -> bytes:
    """Return the plot, 1800 pixels wide and as high as the models and devices need."""
    entries, phases = comparison.entries, models.phases(comparison.entries)
    kinds = tables.kinds_in_order(entries)
    lines = -(-len(kinds) // _LEGEND_COLUMNS)
    foot = _FOOT + 0.24 * lines
    bars = max(_LEAST_BARS, len(entries))
    height = _HEAD + _BAR * bars + foot
    figure = drawing.start(height, f"Predicted time per image: {tables.title(comparison)}", tables.subtitle(comparison))
    width = (0.96 - 0.03 * (len(phases) - 1)) / len(phases)
    for place, phase in enumerate(phases):
        axes = figure.add_axes((0.02 + place * (width + 0.03), foot / height, width, _BAR * bars / height))
        _panel(axes, comparison, phase, kinds)
    for index, kind in enumerate(kinds):
        x, y = 0.025 + 0.16 * (index % _LEGEND_COLUMNS), (0.5 + 0.24 * (lines - 1 - index // _LEGEND_COLUMNS)) / height
        drawing.legend_mark(figure, x, y, theme.color(kind), kind)
    drawing.footnote(
        figure,
        "Each bar is one image's share of a step; its parts are kinds of operators, in the same order in all bars.",
    )
    return drawing.png(figure)


def _panel(axes: Axes, comparison: Comparison, phase: str, kinds: Sequence[str]) -> None:
    """Draw the bars of one phase, the scale being its own: training takes several times as long."""
    steps = [(item, item.step(phase)) for item in comparison.entries]
    longest = max((step.seconds / item.batch_size for item, step in steps if step), default=0.0) or 1.0
    axes.set_axis_off()
    axes.set(xlim=(0, longest), ylim=(max(_LEAST_BARS, len(steps)) - 0.45, -0.55))
    drawing.panel_title(axes, 1.01, words.phase(phase).capitalize())
    for row, (label, (item, step)) in enumerate(zip(models.labels(comparison.entries), steps, strict=True)):
        if step:
            _bar(axes, row, label, step, item.batch_size, kinds)


def _bar(axes: Axes, row: int, label: str, step: Step, batch: int, kinds: Sequence[str]) -> None:
    longest = axes.get_xlim()[1]
    name = elide_end(" ".join(label.split()), _LETTERS)
    figures = f"{units.seconds(step.seconds / batch)}, {units.images_per_second(step.images_per_second)}, {step.layout}"
    unfit = "; does NOT fit" if step.fits is False else ""
    write(axes, 0, row - 0.26, name, fontweight="bold")
    write(axes, longest, row - 0.26, f"{figures}{unfit}", ha="right", color=FAINT)
    left = 0.0
    seconds = {part.name: part for part in step.kinds}
    for kind in kinds:
        part = seconds.get(kind)
        if part is None or not part.seconds_per_image:
            continue
        axes.barh(
            row + 0.14,
            part.seconds_per_image,
            left=left,
            height=0.46,
            color=theme.color(kind),
            edgecolor="white",
            linewidth=0.5,
        )
        if part.seconds_per_image > _LEAST_SHARE * longest:
            write(
                axes, left + part.seconds_per_image / 2, row + 0.14, units.share(part.share), color="white", ha="center"
            )
        left += part.seconds_per_image
