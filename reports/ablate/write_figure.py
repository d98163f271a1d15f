"""Figures of an ablation: each variant's predicted throughput, and what was published."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import words
from memprof.reports.ablate import tables
from memprof.reports.compare.tables import rate
from memprof.reports.parts import drawing
from memprof.reports.parts.drawing import beside, inches, width_inches, write, write_on
from memprof.reports.parts.sheets import Heading, Panel, sheet
from memprof.reports.parts.theme import FAINT, FASTER, SLOWER
from memprof.reports.writer import RenderOptions
from memprof.whatif.ablation import Ablation, Outcome

_BAR = 0.4
"""Inches that a bar takes."""
_NAME_SIZE = 9.5
_PUBLISHED, _NARROW = (1.2, 0.65), 2.8
"""Inches of what is written beside the longest bar, and in panels narrower than the last, which have less of it."""
_LONGEST_NAME = 2.6
"""Inches that the longest name may take."""
_ROOM = 0.3
"""Fraction of the panel's width that a bar must have for its figures to be written in it."""


def draw(ablation: Ablation, options: RenderOptions) -> Figure:
    """Draw a panel for each phase, as high as the variants need."""
    phases = tables.phases(ablation)
    heading = Heading(f"{tables.title(ablation)}: predicted images/s", tables.subtitle(ablation))
    marked = any(item.published_images_per_second for result in ablation.results for item in result.outcomes)
    published = " Diamonds and what is right of them: published, with its own ratio." if marked else ""
    if any(
        not result.exact and item.published_images_per_second for result in ablation.results for item in result.outcomes
    ):
        published += " Grey: published with norm=arithmetic."
    note = f"Bars: predicted, with the ratio to the baseline; blue: faster, red: slower.{published}"
    names = min(
        _LONGEST_NAME, 0.1 + max(width_inches(result.change, _NAME_SIZE, "bold") for result in ablation.results)
    )
    panels = [Panel(_BAR * len(ablation.results), names=names, least=2.6)] * len(phases)
    figure, axes = sheet(options.look, heading, panels, note=note)
    for item, phase in zip(axes, phases, strict=True):
        draw_on(item, ablation, phase, names=item.get_position().x0 == axes[0].get_position().x0)
    return figure


def panels(ablation: Ablation) -> tuple[str, ...]:
    """Return the names of the panels: phases."""
    return tables.phases(ablation)


def draw_on(axes: Axes, ablation: Ablation, phase: str, *, names: bool = True) -> None:
    """Draw the bars of one phase, with the variants' names left of them."""
    _panel(axes, ablation, phase, names=names)


def _panel(axes: Axes, ablation: Ablation, phase: str, *, names: bool) -> None:
    outcomes = [(row, item) for row, result in enumerate(ablation.results) if (item := result.outcome(phase))]
    rates = [max(item.images_per_second, item.published_images_per_second or 0.0) for _, item in outcomes]
    longest = max(rates, default=1.0) or 1.0
    width = inches(axes)[0]
    room = _PUBLISHED[int(width < _NARROW)]
    axes.set(xlim=(0, longest * beside(width, room)), ylim=(len(ablation.results) - 0.4, -0.6))
    axes.set_axis_off()
    drawing.panel_title(axes, 1.02, words.phase(phase).capitalize())
    for row, item in outcomes:
        _bar(axes, row, item, exact=ablation.results[row].exact)
    if names:
        for row, result in enumerate(ablation.results):
            weight = "normal" if row else "bold"
            write(axes, -0.015 * axes.get_xlim()[1], row, result.change, ha="right", fontweight=weight)


def _bar(axes: Axes, row: int, item: Outcome, *, exact: bool) -> None:
    """Draw a predicted throughput, with its figures where there is room, and what was published."""
    color = FAINT if row == 0 else FASTER if item.ratio >= 1 else SLOWER
    axes.barh(row, item.images_per_second, height=0.6, color=color)
    longest = axes.get_xlim()[1]
    inside = item.images_per_second > _ROOM * longest
    start = 0.02 * longest if inside else item.images_per_second + 0.03 * longest
    is_narrow = inches(axes)[0] < _NARROW
    figures = _figures(item.images_per_second, item.ratio if row else None, is_narrow=is_narrow)
    if inside:
        write_on(axes, start, row, figures, color, fontweight="bold")
    else:
        write(axes, start, row, figures, color=FAINT, fontweight="bold")
    published = item.published_images_per_second
    if published:
        drawing.published(axes, published, row, exact=exact)
        words_of = _figures(published, item.published_ratio if row else None, is_narrow=is_narrow)
        end = max(item.images_per_second, published, 0.0 if inside else start + _ROOM * longest)
        write(axes, end + 0.03 * longest, row, words_of, color=FAINT)


def _figures(images_per_second: float, ratio: float | None, *, is_narrow: bool) -> str:
    """Say a rate, and the ratio to the baseline; where there is room for one only, the ratio if there is one."""
    if ratio is None:
        return rate(images_per_second)
    return f"{ratio:.2f}x" if is_narrow else f"{rate(images_per_second)}   {ratio:.2f}x"
