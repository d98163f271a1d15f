"""Figures of a comparison: predicted time per image stacked by kind, a panel for each phase."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import units, words
from memprof.comparisons import models
from memprof.comparisons.models import Comparison, Step
from memprof.reports.compare import tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import inches, width_inches, wrap, write, write_on
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT
from memprof.reports.writer import RenderOptions

_BAR = 0.62
"""Inches that a bar with its label takes."""
_NOTE = "Each bar is one image's share of a step; its parts are kinds of operators, in the same order in all bars."
_LEAST_BARS = 1
_LEAST_SHARE = 0.08
"""Least fraction of the panel's width that a part must have for its share to be written in it."""
_SIZE = 9.5


def draw(comparison: Comparison, options: RenderOptions) -> Figure:
    """Draw a panel for each phase, as high as the models and devices need."""
    entries, phases = comparison.entries, models.phases(comparison.entries)
    kinds = tables.kinds_in_order(entries)
    heading = Heading(f"Predicted time per image: {tables.title(comparison)}", tables.subtitle(comparison))
    panels = [Panel(_BAR * max(_LEAST_BARS, len(entries)), least=3.8)] * len(phases)
    legend = [Entry(theme.color(kind), kind) for kind in kinds]
    figure, axes = sheet(options.look, heading, panels, legend=legend, note=_NOTE)
    for item, phase in zip(axes, phases, strict=True):
        draw_on(item, comparison, phase)
    return figure


def panels(comparison: Comparison) -> tuple[str, ...]:
    """Return the names of the panels: phases."""
    return models.phases(comparison.entries)


def draw_on(axes: Axes, comparison: Comparison, phase: str) -> None:
    """Draw the bars of one phase."""
    _panel(axes, comparison, phase, tables.kinds_in_order(comparison.entries))


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
    figures = f"{units.seconds(step.seconds / batch)}, {units.images_per_second(step.images_per_second)}, {step.layout}"
    unfit = "; does NOT fit" if step.fits is False else ""
    room = inches(axes)[0] - width_inches(f"{figures}{unfit}", _SIZE) - 0.15
    name = "".join(wrap(label, _SIZE, max(0.8, room), 1, "bold"))
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
            middle = left + part.seconds_per_image / 2
            write_on(axes, middle, row + 0.14, units.share(part.share), theme.color(kind), ha="center")
        left += part.seconds_per_image
