"""Figures of an explanation: a waterfall by kind and by stage, or the savings of changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import units
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation, swapped_products
from memprof.reports.explain import captions, tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import beside, inches, name_x, width_inches, wrap, write
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.sheets import Heading, Panel, sheet
from memprof.reports.parts.signed import MINUS
from memprof.reports.parts.theme import FAINT, GRID, INK, LESS, MORE
from memprof.reports.writer import RenderOptions
from memprof.vocabulary import Kind
from memprof.whatif import savings
from memprof.whatif.savings import Losses

WATERFALLS = {"kind": "By kind of operator", "stage": "By stage, in the order of a step"}
"""The panels of a difference."""
LOST = ("saved", "spent")
"""The panels of losses."""
_STEP, _SPENT = 0.46, 0.5
"""Inches of a step of a waterfall, and of a kind or a change with its bars."""
_LABEL, _SAVED = 0.85, 1.25
"""Inches of what is written beside the longest bar of a waterfall, and of times and savings."""
_FONT = 9.5
_MOST_STEPS = 8
"""Steps of a waterfall; what are smaller than the last of them are one step together."""
_SMALL = 0.005
"""Fraction of the longer step below which a kind is one of the small ones."""
_ZOOM = 0.75
"""Fraction of the longer step above which everything must happen for the axis not to start at zero."""
_MOST_KINDS, _MOST_LOSSES = 10, 9


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall: from the milliseconds before it to those after it."""

    name: str
    before: float
    after: float
    color: str
    is_total: bool = False


def draw(explained: Explanation | Losses, options: RenderOptions) -> Figure:
    """Draw the waterfalls of a difference, or what a model's changes would save."""
    subtitle = f"{explained.device_title}: {captions.workload(explained)}"
    heading, note = Heading(captions.title(explained), subtitle), _note(explained)
    if isinstance(explained, Losses):
        panels = [
            Panel(_SPENT * min(_MOST_KINDS, len(explained.kinds)), share=1, least=2.4),
            Panel(_SPENT * min(_MOST_LOSSES, max(1, len(explained.losses))), share=2, least=4.6),
        ]
        figure, (spent, saved) = sheet(options.look, heading, panels, note=note)
        _spent(spent, explained)
        _savings(saved, explained)
        return figure
    drawn = {what: _steps_of(explained, what) for what in WATERFALLS}
    names = [_names_width(item) for item in drawn.values()]
    panels = [
        Panel(_STEP * len(item), left=room, below=0.5, least=2.0)
        for item, room in zip(drawn.values(), names, strict=True)
    ]
    figure, axes = sheet(options.look, heading, panels, note=note)
    limits = _limits([step for item in drawn.values() for step in item], min(inches(item)[0] for item in axes))
    for item, what in zip(axes, WATERFALLS, strict=True):
        _waterfall(item, WATERFALLS[what], drawn[what], limits)
    return figure


def panels(explained: Explanation | Losses) -> tuple[str, ...]:
    """Return the names of the panels: what time is divided by."""
    return LOST if isinstance(explained, Losses) else tuple(WATERFALLS)


def draw_on(axes: Axes, explained: Explanation | Losses, what: str) -> None:
    """Draw one of the panels."""
    if isinstance(explained, Losses):
        (_spent if what == "spent" else _savings)(axes, explained)
        return
    drawn = _steps_of(explained, what)
    _waterfall(axes, WATERFALLS[what], drawn, _limits(drawn, inches(axes)[0]))


def _steps_of(explained: Explanation, what: str) -> tuple[Step, ...]:
    if what == "kind":
        return steps(explained, explained.difference.kinds, True)
    return steps(explained, explained.difference.stages, False)


def _names_width(drawn: Sequence[Step]) -> float:
    """Return the inches that the names of a waterfall's steps take."""
    return 0.15 + max(width_inches(" ".join(step.name.split()), _FONT, "bold") for step in drawn)


def steps(explanation: Explanation, parts: Sequence[Part], largest_first: bool) -> tuple[Step, ...]:
    """Return the bars from the other model's time to the model's, in milliseconds; the small ones together, last.

    A part is positive where the model takes longer, as in the tables.
    """
    difference = explanation.difference
    names = tables.names(explanation, 20)
    least = _SMALL * max(difference.seconds, difference.against_seconds)
    changes = (
        _changes(explanation, parts) if largest_first else [(part.name, part.difference_seconds) for part in parts]
    )
    ranked = sorted(changes, key=lambda change: -abs(change[1]))
    large = [change for change in ranked if abs(change[1]) >= least][:_MOST_STEPS]
    small = [change for change in changes if change not in large]
    shown = large if largest_first else [change for change in changes if change in large]
    if small:
        rest = small[0][0] if len(small) == 1 else f"{len(small)} others"
        shown = [*shown, (rest, sum(seconds for _, seconds in small))]
    bars = [Step(names[1], 0.0, 1e3 * difference.against_seconds, FAINT, is_total=True)]
    level = 1e3 * difference.against_seconds
    for name, seconds in shown:
        after = level + 1e3 * seconds
        color = _color(name) if largest_first else (MORE if seconds > 0 else LESS)
        bars.append(Step(name, level, after, color))
        level = after
    return (*bars, Step(names[0], 0.0, 1e3 * difference.seconds, FAINT, is_total=True))


def _changes(explanation: Explanation, parts: Sequence[Part]) -> list[tuple[str, float]]:
    """Return the difference of each kind; convolutions and matrix products that only change places as one."""
    swapped = swapped_products(explanation.difference)
    changes = [(part.name, part.difference_seconds) for part in parts if part not in swapped]
    return changes + ([(tables.DENSE, sum(part.difference_seconds for part in swapped))] if swapped else [])


def _color(name: str) -> str:
    return theme.color(Kind.CONVOLUTION if name == tables.DENSE else name)


def _limits(drawn: Sequence[Step], width: float) -> tuple[float, float]:
    """Return where the axis of a width in inches starts and ends: at zero, unless all happens far from it."""
    ends = [end for step in drawn for end in ((step.after,) if step.is_total else (step.before, step.after))]
    highest, lowest = max(ends), min(ends)
    start = 0.0
    if highest > 0 and lowest > _ZOOM * highest:
        room = lowest - 0.6 * max(highest - lowest, 0.02 * highest)
        grain = 10 ** math.floor(math.log10(max(highest - lowest, 1e-3 * highest)))
        start = math.floor(room / grain) * grain
    return start, (highest - start) * beside(width, _LABEL) + start or 1.0


def _waterfall(axes: Axes, title: str, drawn: Sequence[Step], limits: tuple[float, float]) -> None:
    """Draw steps from top to bottom, each beginning where the one before ended, with its size beside it."""
    start, end = limits
    axes.set(xlim=limits, ylim=(len(drawn) - 0.4, -0.6))
    for place, step in enumerate(drawn):
        left, right = sorted((max(step.before, start), step.after))
        axes.barh(place, right - left, left=left, height=0.62, color=step.color, zorder=3)
        if place + 1 < len(drawn):
            axes.plot((step.after, step.after), (place - 0.31, place + 1.31), color=FAINT, linewidth=0.8, zorder=2)
        change = step.after - step.before
        label = _milliseconds(step.after) if step.is_total else f"{_signed(change)} ms"
        write(
            axes,
            right + 0.012 * (end - start),
            place,
            label,
            zorder=4,
            weight="bold" if step.is_total else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
    axes.set_yticks(range(len(drawn)), [show_hidden(" ".join(step.name.split())) for step in drawn])
    for name, step in zip(axes.get_yticklabels(), drawn, strict=True):
        name.set(fontsize=_FONT, color=INK, fontweight="bold" if step.is_total else "normal", parse_math=False)
    for spine in ("top", "right", "left"):
        axes.spines[spine].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5, colors=FAINT)
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    starts = f" (the axis starts at {units.number(start)} ms)" if start else ""
    name_x(axes, f"predicted ms a step{starts}", color=FAINT)
    drawing.panel_title(axes, 1.03, title, fontsize=11)


def _spent(axes: Axes, losses: Losses) -> None:
    """Draw what each kind of operator takes."""
    kinds = losses.kinds[:_MOST_KINDS]
    axes.set_axis_off()
    axes.set(
        xlim=(0, beside(inches(axes)[0], _SAVED) * max((kind.seconds for kind in kinds), default=1.0) or 1.0),
        ylim=(len(kinds) - 0.5, -0.6),
    )
    drawing.panel_title(axes, 1.03, "Where the predicted time goes", fontsize=11, color="black")
    for place, kind in enumerate(kinds):
        write(axes, 0, place - 0.2, kind.kind)
        axes.barh(place + 0.2, kind.seconds, height=0.34, color=theme.color(kind.kind))
        label = f"{_milliseconds(1e3 * kind.seconds)}, {units.share(kind.share)}"
        write(axes, kind.seconds + 0.015 * axes.get_xlim()[1], place + 0.2, label, color=FAINT)


def _savings(axes: Axes, losses: Losses) -> None:
    """Draw what each change would save, within what its operators take now."""
    shown = losses.losses[:_MOST_LOSSES]
    most = max((loss.seconds for loss in shown if not loss.analysed), default=0.0)
    longest = max([most, *(loss.saved_seconds for loss in shown)], default=0.0) or 1.0
    axes.set_axis_off()
    axes.set(xlim=(0, beside(inches(axes)[0], _SAVED) * longest), ylim=(max(1, len(shown)) - 0.5, -0.6))
    title = "What a change would save, of what its operators take (grey)"
    drawing.panel_title(axes, 1.03, title, fontsize=11, color="black")
    if not shown:
        write(axes, 0, 0, f"No known change is predicted to save {units.share(savings.LEAST)} or more.", color=FAINT)
    for place, loss in enumerate(shown):
        write(axes, 0, place - 0.22, _fitting(axes, f"{loss.what}: {loss.change}"), fontsize=8.5)
        if not loss.analysed:
            axes.barh(place + 0.2, loss.seconds, height=0.34, color=theme.PALER)
        axes.barh(place + 0.2, loss.saved_seconds, height=0.34, color=LESS)
        end = loss.saved_seconds if loss.analysed else loss.seconds
        label = f"{_signed(-1e3 * loss.saved_seconds)} ms, {units.share(loss.saved_share)}"
        write(axes, end + 0.01 * axes.get_xlim()[1], place + 0.2, label, weight="bold")


def _fitting(axes: Axes, content: str) -> str:
    """Return as much of a line as fits the axes."""
    return "".join(wrap(content, 8.5, inches(axes)[0], 1))


def _note(explained: Explanation | Losses) -> str:
    if isinstance(explained, Losses):
        return savings.NOT_ADDITIVE
    model = " ".join(explained.workload.model.split())
    text = f"Each bar begins where the one above ends. Plus: {model} takes longer there; minus: it takes less."
    dense = " Dense products: a 1x1 convolution and a linear layer compute the same, so these are taken together."
    return text + (dense if swapped_products(explained.difference) else "")


def _milliseconds(value: float) -> str:
    return f"{units.number(value)} ms"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else MINUS if value < 0 else ''}{units.number(abs(value))}"
