"""Which parts make up most of the difference between two sums of parts, for sentences that name them."""

from __future__ import annotations

from collections.abc import Mapping

_LARGE = 0.25
"""Least fraction of the whole difference that a part must explain to be named."""
_MOST = 3


def largest_gains(more: Mapping[str, float], less: Mapping[str, float], difference: float) -> list[str]:
    """Return the names of those parts of `more` that exceed theirs in `less` most, largest first.

    `difference` is what all parts of `more` exceed those of `less` by, in the same unit.
    """
    gains = {name: value - less.get(name, 0.0) for name, value in more.items()}
    large = [name for name, gain in gains.items() if gain >= _LARGE * difference]
    return sorted(large, key=gains.__getitem__, reverse=True)[:_MOST]
