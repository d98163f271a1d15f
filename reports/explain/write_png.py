"""The PNG writer of an explanation: a waterfall by kind and by stage, or the savings of changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from memprof import units
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import drawing, theme
from memprof.reports.parts.drawing import write
from memprof.reports.parts.eliding import elide_end
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.signed import MINUS
from memprof.reports.parts.theme import FAINT, GRID, INK, LESS, MORE
from memprof.reports.writer import RenderOptions
from memprof.whatif import savings
from memprof.whatif.savings import Losses

EXTENSION = "png"
_HEIGHT = 6.6
_HEADING = (0.945, 0.905)
_FONT = 9.5
_MOST_STEPS = 8
"""Steps of a waterfall; what are smaller than the last of them are one step together."""
_SMALL = 0.005
"""Fraction of the longer step below which a kind is one of the small ones."""
_ZOOM = 0.75
"""Fraction of the longer step above which everything must happen for the axis not to start at zero."""
_MOST_LOSSES, _LETTERS = 9, 118


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall: from the milliseconds before it to those after it."""

    name: str
    before: float
    after: float
    color: str
    is_total: bool = False


def render(explained: Explanation | Losses, options: RenderOptions) -> bytes:
    """Return the plot, 1800 x 990 pixels."""
    subtitle = f"{explained.device_title}: {captions.workload(explained)}"
    figure = drawing.start(_HEIGHT, captions.title(explained), subtitle, _HEADING)
    figure.text(0.02, 0.022, _note(explained), fontsize=9, color=FAINT, parse_math=False)
    if isinstance(explained, Losses):
        _spent(figure.add_axes((0.02, 0.09, 0.3, 0.74)), explained)
        _savings(figure.add_axes((0.37, 0.09, 0.61, 0.74)), explained)
    else:
        by_kind, by_stage = (
            steps(explained, explained.difference.kinds, True),
            steps(explained, explained.difference.stages, False),
        )
        limits = _limits([*by_kind, *by_stage])
        _waterfall(figure.add_axes((0.165, 0.12, 0.37, 0.71)), "By kind of operator", by_kind, limits)
        _waterfall(figure.add_axes((0.66, 0.12, 0.325, 0.71)), "By stage, in the order of a step", by_stage, limits)
    return drawing.png(figure)


def steps(explanation: Explanation, parts: Sequence[Part], largest_first: bool) -> tuple[Step, ...]:
    """Return the bars from the model's time to the other's, in milliseconds; the small ones together, last."""
    difference = explanation.difference
    names = tables.names(explanation, 20)
    least = _SMALL * max(difference.seconds, difference.against_seconds)
    ranked = sorted(parts, key=lambda part: -abs(part.difference_seconds))
    large = [part for part in ranked if abs(part.difference_seconds) >= least][:_MOST_STEPS]
    shown = large if largest_first else [part for part in parts if part in large]
    small = [part for part in parts if part not in large]
    changes = [(part.name, part.difference_seconds) for part in shown]
    if small:
        rest = small[0].name if len(small) == 1 else f"{len(small)} others"
        changes.append((rest, sum(part.difference_seconds for part in small)))
    bars = [Step(names[0], 0.0, 1e3 * difference.seconds, FAINT, is_total=True)]
    level = 1e3 * difference.seconds
    for name, seconds in changes:
        after = level - 1e3 * seconds
        color = theme.color(name) if largest_first else (LESS if seconds > 0 else MORE)
        bars.append(Step(name, level, after, color))
        level = after
    return (*bars, Step(names[1], 0.0, 1e3 * difference.against_seconds, FAINT, is_total=True))


def _limits(drawn: Sequence[Step]) -> tuple[float, float]:
    """Return where the axis starts and ends: at zero, unless all happens far from it."""
    ends = [end for step in drawn for end in ((step.after,) if step.is_total else (step.before, step.after))]
    highest, lowest = max(ends), min(ends)
    start = 0.0
    if highest > 0 and lowest > _ZOOM * highest:
        room = lowest - 0.6 * max(highest - lowest, 0.02 * highest)
        grain = 10 ** math.floor(math.log10(max(highest - lowest, 1e-3 * highest)))
        start = math.floor(room / grain) * grain
    return start, (highest - start) * 1.2 + start or 1.0


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
    axes.set_xlabel(f"predicted ms a step{starts}", fontsize=9, color=FAINT)
    drawing.panel_title(axes, 1.03, title, fontsize=11)


def _spent(axes: Axes, losses: Losses) -> None:
    """Draw what each kind of operator takes."""
    kinds = losses.kinds[:10]
    axes.set_axis_off()
    axes.set(xlim=(0, 1.3 * max((kind.seconds for kind in kinds), default=1.0) or 1.0), ylim=(10, -0.6))
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
    axes.set(xlim=(0, 1.3 * longest), ylim=(_MOST_LOSSES, -0.6))
    title = "What a change would save, of what its operators take (grey)"
    drawing.panel_title(axes, 1.03, title, fontsize=11, color="black")
    if not shown:
        write(axes, 0, 0, f"No known change is predicted to save {units.share(savings.LEAST)} or more.", color=FAINT)
    for place, loss in enumerate(shown):
        write(axes, 0, place - 0.22, elide_end(f"{loss.what}: {loss.change}", _LETTERS), fontsize=8.5)
        if not loss.analysed:
            axes.barh(place + 0.2, loss.seconds, height=0.34, color=theme.PALER)
        axes.barh(place + 0.2, loss.saved_seconds, height=0.34, color=LESS)
        end = loss.saved_seconds if loss.analysed else loss.seconds
        label = f"{_signed(-1e3 * loss.saved_seconds)} ms, {units.share(loss.saved_share)}"
        write(axes, end + 0.01 * axes.get_xlim()[1], place + 0.2, label, weight="bold")


def _note(explained: Explanation | Losses) -> str:
    if isinstance(explained, Losses):
        return savings.NOT_ADDITIVE
    swap = next((sentence for sentence in explained.sentences if "(as one:" in sentence), "")
    text = "Each bar begins where the one above ends. Minus: the second model takes less there; plus: it takes more."
    return f"{text} A 1x1 convolution and a linear layer compute the same." if swap else text


def _milliseconds(value: float) -> str:
    return f"{units.number(value)} ms"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else MINUS if value < 0 else ''}{units.number(abs(value))}"
