"""Round figures along an axis."""

from __future__ import annotations

import math

_MOST = 6


def plain(value: float) -> str:
    """Return a tick's figure: "0.25", "1,000"."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def linear(low: float, high: float, most: int = _MOST) -> tuple[float, ...]:
    """Return multiples of 1, 2 or 5 times a power of ten between two ends, at most `most` and a half of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return (low,)
    power = 10 ** math.floor(math.log10(span / most))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return tuple(round(place * step, 12) for place in range(first, last + 1))


def logarithmic(low: float, high: float) -> tuple[float, ...]:
    """Return powers of ten between two ends above zero, with twice and five times each where there are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    whole = tuple(10.0**power for power in decades if low / 10.0**power <= 1 + 1e-9 and 10.0**power / high <= 1 + 1e-9)
    if len(whole) > 3:
        return whole[:: -(-len(whole) // _MOST)]
    finer = tuple(
        factor * 10.0**power for power in decades for factor in (1, 2, 5) if low <= factor * 10.0**power <= high
    )
    return finer if len(finer) > 2 else linear(low, high, 4)
