"""Draws an explanation with matplotlib's objects: a waterfall by kind and by stage, or the savings of changes."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memprof import units
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import theme
from memprof.whatif import savings
from memprof.whatif.savings import Losses

_INCHES, _DPI = (12.0, 6.6), 150
_INK, _FAINT, _GRID, _TOTAL, _MORE, _LESS = "#1f2328", "#59636e", "#e6e8eb", "#59636e", "#B2182B", "#2166AC"
_FONT = 9.5
_MOST_STEPS = 8
"""Steps of a waterfall; what are smaller than the last of them are one step together."""
_SMALL = 0.005
"""Fraction of the longer step below which a kind is one of the small ones."""
_ZOOM = 0.75
"""Fraction of the longer step above which everything must happen for the axis not to start at zero."""
_MOST_LOSSES = 9


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall: from the milliseconds before it to those after it."""

    name: str
    before: float
    after: float
    color: str
    is_total: bool = False


def draw(found: Explanation | Losses) -> bytes:
    """Return the plot as a PNG of 1800 x 990 pixels."""
    figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor="white")
    _titles(figure, found)
    if isinstance(found, Losses):
        _spent(figure.add_axes((0.02, 0.09, 0.3, 0.74)), found)
        _savings(figure.add_axes((0.37, 0.09, 0.61, 0.74)), found)
    else:
        by_kind, by_stage = steps(found, found.difference.kinds, True), steps(found, found.difference.stages, False)
        limits = _limits([*by_kind, *by_stage])
        _waterfall(figure.add_axes((0.165, 0.12, 0.37, 0.71)), "By kind of operator", by_kind, limits)
        _waterfall(figure.add_axes((0.66, 0.12, 0.325, 0.71)), "By stage, in the order of a step", by_stage, limits)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may use any script
        figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()


def steps(found: Explanation, parts: Sequence[Part], largest_first: bool) -> tuple[Step, ...]:
    """Return the bars from the model's time to the other's, in milliseconds; the small ones together, last."""
    difference = found.difference
    names = tables.names(found, 20)
    least = _SMALL * max(difference.seconds, difference.against_seconds)
    ranked = sorted(parts, key=lambda part: -abs(part.difference_seconds))
    large = [part for part in ranked if abs(part.difference_seconds) >= least][:_MOST_STEPS]
    shown = large if largest_first else [part for part in parts if part in large]
    small = [part for part in parts if part not in large]
    changes = [(part.name, part.difference_seconds) for part in shown]
    if small:
        rest = small[0].name if len(small) == 1 else f"{len(small)} others"
        changes.append((rest, sum(part.difference_seconds for part in small)))
    found_steps = [Step(names[0], 0.0, 1e3 * difference.seconds, _TOTAL, is_total=True)]
    level = 1e3 * difference.seconds
    for name, seconds in changes:
        after = level - 1e3 * seconds
        color = theme.color(name) if largest_first else (_LESS if seconds > 0 else _MORE)
        found_steps.append(Step(name, level, after, color))
        level = after
    return (*found_steps, Step(names[1], 0.0, 1e3 * difference.against_seconds, _TOTAL, is_total=True))


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
            axes.plot((step.after, step.after), (place - 0.31, place + 1.31), color=_FAINT, linewidth=0.8, zorder=2)
        change = step.after - step.before
        label = _milliseconds(step.after) if step.is_total else f"{_signed(change)} ms"
        _write(
            axes,
            right + 0.012 * (end - start),
            place,
            label,
            weight="bold" if step.is_total else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
    axes.set_yticks(range(len(drawn)), [" ".join(step.name.split()) for step in drawn])
    for name, step in zip(axes.get_yticklabels(), drawn, strict=True):
        name.set(fontsize=_FONT, color=_INK, fontweight="bold" if step.is_total else "normal", parse_math=False)
    for spine in ("top", "right", "left"):
        axes.spines[spine].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5, colors=_FAINT)
    axes.grid(axis="x", color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    starts = f" (the axis starts at {units.number(start)} ms)" if start else ""
    axes.set_xlabel(f"predicted ms a step{starts}", fontsize=9, color=_FAINT)
    axes.text(0, 1.03, title, transform=axes.transAxes, fontsize=11, fontweight="bold", color=_INK)


def _spent(axes: Axes, found: Losses) -> None:
    """Draw what each kind of operator takes."""
    kinds = found.kinds[:10]
    axes.set_axis_off()
    axes.set(xlim=(0, 1.3 * max((kind.seconds for kind in kinds), default=1.0) or 1.0), ylim=(10, -0.6))
    axes.text(0, 1.03, "Where the predicted time goes", transform=axes.transAxes, fontsize=11, fontweight="bold")
    for place, kind in enumerate(kinds):
        _write(axes, 0, place - 0.2, kind.kind)
        axes.barh(place + 0.2, kind.seconds, height=0.34, color=theme.color(kind.kind))
        label = f"{_milliseconds(1e3 * kind.seconds)}, {units.share(kind.share)}"
        _write(axes, kind.seconds + 0.015 * axes.get_xlim()[1], place + 0.2, label, color=_FAINT)


def _savings(axes: Axes, found: Losses) -> None:
    """Draw what each change would save, within what its operators take now."""
    shown = found.losses[:_MOST_LOSSES]
    most = max((loss.seconds for loss in shown if not loss.analysed), default=0.0)
    longest = max([most, *(loss.saved_seconds for loss in shown)], default=0.0) or 1.0
    axes.set_axis_off()
    axes.set(xlim=(0, 1.3 * longest), ylim=(_MOST_LOSSES, -0.6))
    title = "What a change would save, of what its operators take (grey)"
    axes.text(0, 1.03, title, transform=axes.transAxes, fontsize=11, fontweight="bold")
    if not shown:
        _write(axes, 0, 0, f"No known change is predicted to save {units.share(savings.LEAST)} or more.", color=_FAINT)
    for place, loss in enumerate(shown):
        line = f"{loss.what}: {loss.change}"
        _write(axes, 0, place - 0.22, line if len(line) <= 118 else f"{line[:117]}…", fontsize=8.5)
        if not loss.analysed:
            axes.barh(place + 0.2, loss.seconds, height=0.34, color="#dfe3e8")
        axes.barh(place + 0.2, loss.saved_seconds, height=0.34, color=_LESS)
        end = loss.saved_seconds if loss.analysed else loss.seconds
        label = f"{_signed(-1e3 * loss.saved_seconds)} ms, {units.share(loss.saved_share)}"
        _write(axes, end + 0.01 * axes.get_xlim()[1], place + 0.2, label, weight="bold")


def _titles(figure: Figure, found: Explanation | Losses) -> None:
    subtitle = f"{found.device_title}: {captions.workload(found)}"
    lines = ((0.945, captions.title(found), 15, "bold", _INK), (0.905, subtitle, 10, "normal", _FAINT))
    for y, content, size, weight, color in lines:
        line = " ".join(content.split())  # names may hold line breaks
        fitting = min(size, 1.62 * _INCHES[0] * 72 / max(1, len(line)))
        figure.text(0.02, y, line, fontsize=fitting, fontweight=weight, color=color, parse_math=False)
    note = savings.NOT_ADDITIVE if isinstance(found, Losses) else _note(found)
    figure.text(0.02, 0.022, note, fontsize=9, color=_FAINT, parse_math=False)


def _note(found: Explanation) -> str:
    swap = next((sentence for sentence in found.sentences if "(as one:" in sentence), "")
    text = "Each bar begins where the one above ends. Minus: the second model takes less there; plus: it takes more."
    return f"{text} A 1x1 convolution and a linear layer compute the same." if swap else text


def _milliseconds(value: float) -> str:
    return f"{units.number(value)} ms"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else tables.MINUS if value < 0 else ''}{units.number(abs(value))}"


def _write(axes: Axes, x: float, y: float, content: str, **style: Any) -> None:
    axes.text(
        x, y, content, **{"color": _INK, "va": "center", "fontsize": _FONT, "parse_math": False, "zorder": 4, **style}
    )
