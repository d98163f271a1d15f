"""The memory over the step: who holds how much while each operator runs, as areas upon one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.groups import share

WIDTH, HEIGHT = 1000.0, 160.0
"""Of the drawing; a page stretches its width."""
_NEAR = 1.5
"""How far above the peak the device's memory is still drawn, as a factor."""


@dataclass(frozen=True, slots=True)
class Part:
    """Who holds memory: a name, the class of its colour, an SVG path, its bytes at the peak as text."""

    name: str
    color: str
    path: str
    at_peak: str


@dataclass(frozen=True, slots=True)
class Course:
    """A report's memory over its step; `phases` are names with where they end, `peak` where that is, of the width.

    `limit` is how far down the device's memory lies, None where it is far above all.
    """

    parts: tuple[Part, ...]
    phases: tuple[tuple[str, float], ...]
    peak: float
    limit: float | None
    sentence: str
    top: str


def course(digest: Digest) -> Course | None:
    """Return the memory over a report's step; None where it is not known."""
    held = digest.report.memory
    if held is None or not held.course or not held.peak_bytes:
        return None
    moments = held.course
    most = max(range(len(moments)), key=lambda place: moments[place].allocated_bytes)
    fixed = held.parameters_bytes + held.optimizer_bytes
    peak = moments[most].allocated_bytes
    if peak <= 0:  # of a file that somebody edited
        return None
    capacity = digest.device.memory_capacity_bytes
    is_near = capacity is not None and capacity < _NEAR * peak
    top = max(peak, capacity or 0.0) if is_near else peak
    grown = [moment.gradients_bytes for moment in moments]
    levels = [
        ("parameters", [held.parameters_bytes] * len(moments), held.parameters_bytes),
        ("optimizer", [fixed] * len(moments), held.optimizer_bytes),
        ("gradients", [fixed + own for own in grown], grown[most]),
        ("activations", [moment.allocated_bytes for moment in moments], peak - fixed - grown[most]),
    ]
    parts, below = [], [0.0] * len(moments)
    for name, upper, bytes_at_peak in levels:
        if any(high > low for high, low in zip(upper, below, strict=True)):
            parts.append(Part(name, f"holds-{name}", _area(below, upper, top), units.byte_count(bytes_at_peak)))
        below = upper
    ends, at = [], 0
    for phase, own in groupby(moments, key=lambda moment: moment.phase):
        at += len(list(own))
        ends.append((phase, share(at, len(moments))))
    return Course(
        tuple(parts),
        tuple(ends),
        (most + 0.5) / len(moments),
        1 - (capacity or 0.0) / top if is_near else None,
        _sentence(digest, moments[most].operator, moments[most].phase, parts),
        units.byte_count(top),
    )


def _area(below: Sequence[float], upper: Sequence[float], top: float) -> str:
    """Return the path between two lines of steps, each moment as wide as any other."""
    step = WIDTH / len(upper)

    def height(value: float) -> str:
        return f"{HEIGHT * (1 - value / top):.1f}"

    there = "".join(f"V{height(value)}H{(place + 1) * step:.1f}" for place, value in enumerate(upper))
    back = "".join(f"V{height(below[place])}H{place * step:.1f}" for place in range(len(below) - 1, -1, -1))
    return f"M0 {height(below[0])}{there}{back}z"


def _sentence(digest: Digest, operator: str, phase: str, parts: Sequence[Part]) -> str:
    held = digest.report.memory
    assert held is not None
    holders = words.enumerate_words([f"{part.name} {part.at_peak}" for part in parts])
    room = {True: ", which fits", False: ", which does not fit", None: ""}[held.fits]
    capacity = digest.device.memory_capacity_bytes
    of_all = f" of the device's {units.byte_count(capacity)}" if capacity else ""
    return (
        f"Most at once, predicted: {units.byte_count(held.peak_bytes)}{of_all}{room}, in the {phase} pass at "
        f"{words.operator(operator)}: {holders}. Not in it: what cuDNN and cuBLAS take as workspaces, the context of "
        "the device, what the allocator cannot reuse."
    )
