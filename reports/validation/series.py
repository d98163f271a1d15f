"""What the figure and the page of a validation share: the dots of a series together, the band, how many are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

BAND = 0.1
"""The band around what was measured: predictions within 10 %."""
MOST_NAMES = 6
_OTHERS = "others"


class _InSeries(Protocol):
    @property
    def series(self) -> str: ...


_Dot = TypeVar("_Dot", bound=_InSeries)


def by_series(dots: Sequence[_Dot], most: int) -> dict[str, list[_Dot]]:
    """Return the dots by series; where there are more than `most`, the largest ones first, and the rest as the last."""
    groups: dict[str, list[_Dot]] = {}
    for dot in dots:
        groups.setdefault(dot.series, []).append(dot)
    if len(groups) <= most:
        return groups
    ordered = sorted(groups, key=lambda name: -len(groups[name]))
    rest = [dot for name in ordered[most - 1 :] for dot in groups[name]]
    return {**{name: groups[name] for name in ordered[: most - 1]}, _OTHERS: rest}
