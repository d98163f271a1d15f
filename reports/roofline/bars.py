"""Draws the panel beside the roofline, for readers who never saw one: shares of FLOPs against shares of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from memprof import units
from memprof.comparisons import reports as side_by_side
from memprof.report.digest import Digest
from memprof.reports.parts import cells, theme
from memprof.reports.parts.drawing import inches, width_inches, wrap, write_on
from memprof.reports.parts.theme import FAINT, INK, PALE

_MOST_ROWS = 9
_MOST_BOUNDS = 6
_TOP, _PITCH, _LEAST_PITCH, _BAR, _BOUNDS = 0.55, 0.61, 0.47, 0.135, 0.85
"""Inches from above to the first kind, between kinds usually and at least, of a bar, and for what binds."""
_STACKS, _STACK, _LEGEND_LINE = 0.4, 0.52, 0.175
"""Inches from above to the first of several reports, from one to the next, and of a line of the legend."""
_SIZE = 9


def height(digests: Sequence[Digest], *, legend: bool = True) -> float:
    """Return the inches that the panel needs."""
    if len(digests) > 1:
        lines = len(kinds_of(digests)) if legend else 0
        return _STACKS + _STACK * len(digests) + _LEGEND_LINE * lines
    return _TOP + _LEAST_PITCH * len(digests[0].kinds[:_MOST_ROWS]) + _BOUNDS


def kinds_of(digests: Sequence[Digest]) -> tuple[str, ...]:
    """Return the kinds of all reports, those first that take most time of an image in all of them."""
    together: dict[str, float] = {}
    for times in map(_per_image, digests):
        for kind, seconds in times.items():
            together[kind] = together.get(kind, 0.0) + seconds
    return tuple(sorted(together, key=together.__getitem__, reverse=True))


def draw(axes: Axes, digests: Sequence[Digest], *, legend: bool = True) -> None:
    """Draw shares by kind for one report, times stacked by kind for several, perhaps with a legend."""
    axes.set_axis_off()
    if len(digests) == 1:
        _shares(axes, digests[0])
    else:
        _stacks(axes, digests, legend=legend)


def _shares(axes: Axes, digest: Digest) -> None:
    """Draw two bars for each kind, as many kinds as there is room for; y is in inches from above."""
    high = inches(axes)[1]
    room = high - _TOP - _BOUNDS
    kinds = digest.kinds[: min(_MOST_ROWS, max(1, int(room / _LEAST_PITCH + 1e-6)))]
    pitch = min(_PITCH, room / len(kinds))
    axes.set(xlim=(0, 1.18), ylim=(high, 0))
    _write(axes, 0, 0.09, "Share of FLOPs (grey) against", weight="bold")
    _write(axes, 0, 0.25, f"share of {digest.time.name} (colour)", weight="bold")
    for row, kind in enumerate(kinds):
        top = _TOP + pitch * row
        _write(axes, 0, top, kind.name)
        for down, share, fill in ((0.15, kind.flops_share, PALE), (0.29, kind.time_share, theme.color(kind.name))):
            axes.barh(top + down, share, height=_BAR, color=fill)
            _write(axes, share + 0.015, top + down, units.share(share), color=FAINT)
    _draw_bounds(axes, digest, high - _BOUNDS + 0.1)


def _draw_bounds(axes: Axes, digest: Digest, y: float) -> None:
    """Stack what the time is bound by into one bar, with a legend below it."""
    bounds = [bound for bound in digest.bounds if bound.time_share]
    _write(axes, 0, y, f"The {digest.time.name} is bound by", weight="bold")
    left = 0.0
    for index, bound in enumerate(bounds[:_MOST_BOUNDS]):
        color = theme.bound_color(bound.name)
        axes.barh(y + 0.2, bound.time_share, left=left, height=0.16, color=color, edgecolor="white", linewidth=0.5)
        left += bound.time_share
        x, row = 0.41 * (index % 3), y + 0.42 + 0.17 * (index // 3)
        axes.plot(x + 0.012, row, "s", color=color, markersize=6, clip_on=False)
        name = cells.bound_name(bound.name, digest.device.family)
        _write(axes, x + 0.04, row, f"{name} {units.share(bound.time_share)}")


def _per_image(digest: Digest) -> dict[str, float]:
    images = digest.steps * max(1, digest.report.workload.batch_size)
    return {group.name: group.time_seconds / images for group in digest.kinds}


def _stacks(axes: Axes, digests: Sequence[Digest], *, legend: bool) -> None:
    """Stack each report's time per image, measured or else predicted, with the kinds in the same order everywhere.

    y is in inches from above.
    """
    times = [_per_image(digest) for digest in digests]
    totals = [sum(item.values()) for item in times]
    longest = max(totals) or 1.0
    order = kinds_of(digests)
    width, high = inches(axes)
    axes.set(xlim=(0, longest), ylim=(max(high, height(digests, legend=legend)), 0))
    mark, word = 0.05 / width * longest, 0.16 / width * longest
    _write(axes, 0, 0.1, _stacks_title(digests), weight="bold")
    for row, (digest, item, total) in enumerate(zip(digests, times, totals, strict=True)):
        y = _STACKS + _STACK * row
        if legend:
            axes.plot(mark, y, theme.mark(row), color=FAINT, markersize=6, clip_on=False)
        figures = f": {units.seconds(total)}"
        room = width - 0.2 - width_inches(figures, _SIZE)
        name = "".join(wrap(digest.label, _SIZE, room, 1))
        _write(axes, word if legend else 0, y, f"{name}{figures}")
        _stack(axes, y + 0.22, [(kind, item.get(kind, 0.0)) for kind in order], total)
    for index, kind in enumerate(order if legend else ()):
        y = _STACKS + _STACK * len(digests) + _LEGEND_LINE * index
        axes.plot(mark, y, "o", color=theme.color(kind), markersize=6, clip_on=False)
        _write(axes, word, y, kind)


def _stacks_title(digests: Sequence[Digest]) -> str:
    name = side_by_side.time_per_image(digests)
    operators = "operators, " if any(digest.is_measured for digest in digests) else ""  # a step may idle besides
    return f"{name}: {operators}by kind" if operators else f"{name}, by kind"


def _stack(axes: Axes, y: float, parts: Sequence[tuple[str, float]], total: float) -> None:
    """Draw one stacked bar, with each large part's share in it."""
    left = 0.0
    for kind, seconds in parts:
        axes.barh(y, seconds, left=left, height=0.24, color=theme.color(kind), edgecolor="white", linewidth=0.5)
        if seconds > 0.11 * axes.get_xlim()[1]:
            share, ground = units.share(seconds / total), theme.color(kind)
            write_on(axes, left + seconds / 2, y, share, ground, ha="center", fontsize=_SIZE)
        left += seconds


def _write(axes: Axes, x: float, y: float, content: str, **style: Any) -> None:
    axes.text(x, y, content, **{"color": INK, "va": "center", "fontsize": _SIZE, "parse_math": False, **style})
