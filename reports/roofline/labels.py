"""Puts labels beside the points they name, where they cover as little as possible; places are fractions of a plot.

Not adjustText: it places labels of a matplotlib figure only, by chance, and knows no roofs to keep off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ANGLES = (135, 315, 90, 270, 180, 0, 45, 225, 112, 292, 68, 248, 158, 338, 22, 202)
_DISTANCES = (0.012, 0.04, 0.07, 0.11, 0.16, 0.22, 0.3)
_SAMPLES = 40
_WAY_SAMPLES = 12
_FINALISTS = 24
"""How many candidates, the best by what they cover, are also judged by the lines that they would cross."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the plot, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """Return the area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return width * height if width > 0 and height > 0 else 0.0

    def holds(self, x: float, y: float) -> bool:
        """Return whether the place lies inside."""
        return self.left <= x <= self.right and self.bottom <= y <= self.top


class Boxes:
    """Many boxes, held against one at a time."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        sides = [(box.left, box.bottom, box.right, box.top) for box in boxes]
        self._left, self._bottom, self._right, self._top = np.array(sides, dtype=np.float64).reshape(-1, 4).T

    def overlap(self, box: Box) -> float:
        """Return the sum of the areas that a box covers of each."""
        width = np.minimum(self._right, box.right) - np.maximum(self._left, box.left)
        height = np.minimum(self._top, box.top) - np.maximum(self._bottom, box.bottom)
        return float((np.maximum(width, 0.0) * np.maximum(height, 0.0)).sum())

    def touching(self, box: Box) -> int:
        """Return how many of them a box has something in common with."""
        across = (self._left < box.right) & (box.left < self._right)
        return int((across & (self._bottom < box.top) & (box.bottom < self._top)).sum())

    def holding(self, x: float, y: float) -> int:
        """Return how many of them a place lies in."""
        inside = (self._left <= x) & (x <= self._right) & (self._bottom <= y) & (y <= self._top)
        return int(inside.sum())


@dataclass(frozen=True, slots=True)
class Request:
    """A label to place: its lines, the point it names, that point's bubble, and marks that it may not touch."""

    lines: tuple[str, ...]
    x: float
    y: float
    radius_x: float
    radius_y: float
    strangers: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A placed label: its centre, its box, and whether it lies far enough to need a line to its point."""

    request: Request
    box: Box
    far: bool

    @property
    def center(self) -> tuple[float, float]:
        """Return the middle of the label's box."""
        return (self.box.left + self.box.right) / 2, (self.box.bottom + self.box.top) / 2

    @property
    def edge(self) -> tuple[float, float]:
        """Return the place on the box that is nearest to the point, where a line from there ends."""
        x = min(max(self.request.x, self.box.left), self.box.right)
        return x, min(max(self.request.y, self.box.bottom), self.box.top)


Segment = tuple[tuple[float, float], tuple[float, float]]


def place(
    requests: Sequence[Request], character: tuple[float, float], lines: Sequence[Segment], taken: Sequence[Box]
) -> tuple[Label | None, ...]:
    """Place labels in the order given; `character` is the width and height of one, `taken` what they may not cover.

    Covering a line costs little, a bubble or another label much, leaving the plot most. None where a label would
    touch one of its strangers, or another label, wherever it stood.
    """
    placed: list[Label] = []
    results: list[Label | None] = []
    bubbles = [_bubble(request) for request in requests]
    dots = [dot for line in lines for dot in _dots(line)]
    for request in requests:
        blocked = [*taken, *bubbles, *(label.box for label in placed)]
        others = Boxes([box for box in blocked if not box.holds(request.x, request.y)])
        whole = Boxes(blocked)
        kept_off = Boxes([*request.strangers, *(label.box for label in placed)])
        options = [
            (_cost(box, whole) + 0.08 * distance, box, distance)
            for distance in _DISTANCES
            for angle in _ANGLES
            for box in [_candidate(request, character, angle, distance)]
            if not kept_off.touching(box)
        ]
        if not options:
            results.append(None)
            continue
        finalists = sorted(options, key=lambda option: option[0])[:_FINALISTS]
        prices = [cost + _crossing(request, box, dots, others) for cost, box, _ in finalists]
        _, box, distance = finalists[prices.index(min(prices))]
        placed.append(Label(request, box, far=distance > _DISTANCES[0]))
        results.append(placed[-1])
    return tuple(results)


def _candidate(request: Request, character: tuple[float, float], angle: float, distance: float) -> Box:
    width = max(map(len, request.lines)) * character[0] / 2
    height = len(request.lines) * character[1] / 2
    along, up = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x = request.x + along * (request.radius_x + distance) + _sign(along) * width
    y = request.y + up * (request.radius_y + distance) + _sign(up) * height
    return Box(x - width, y - height, x + width, y + height)


def _cost(box: Box, blocked: Boxes) -> float:
    """Price what a label would cover, and what of it would lie outside of the plot."""
    outside = max(0.0, -box.left) + max(0.0, box.right - 1) + max(0.0, -box.bottom) + max(0.0, box.top - 1)
    return 20 * outside + 80 * blocked.overlap(box)


def _crossing(request: Request, box: Box, dots: Sequence[tuple[float, float]], others: Boxes) -> float:
    """Price the lines that a label would cover, and what the line from its point to it would cross."""
    line = (request.x, request.y), ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
    way = [dot for dot in _dots(line, _WAY_SAMPLES) if not box.holds(*dot)]
    return 0.003 * sum(box.holds(x, y) for x, y in dots) + 0.01 * sum(others.holding(x, y) for x, y in way)


def _bubble(request: Request) -> Box:
    """Return a square inside the bubble's circle widened a little, as corners may be covered."""
    reach = 0.85
    x, y = request.radius_x * reach, request.radius_y * reach
    return Box(request.x - x, request.y - y, request.x + x, request.y + y)


def _dots(line: Segment, samples: int = _SAMPLES) -> list[tuple[float, float]]:
    (x0, y0), (x1, y1) = line
    steps = [index / samples for index in range(samples + 1)]
    return [(x0 + step * (x1 - x0), y0 + step * (y1 - y0)) for step in steps]


def _sign(value: float) -> float:
    return 0.0 if abs(value) < 1e-9 else math.copysign(1.0, value)
