"""Differences between two times as text, with their signs."""

from __future__ import annotations

import math

MINUS = "−"


def signed(milliseconds: float, decimals: int) -> str:
    """Format a difference with its sign: "+34.95", "−0.12"; "0" where it rounds to nothing."""
    text = f"{abs(milliseconds):,.{decimals}f}"
    if not text.strip("0.,"):
        return "0"
    return f"{'+' if milliseconds > 0 else MINUS}{text}"


def decimals_for(longest_seconds: float) -> int:
    """Return how many decimals milliseconds need for the longest time to show about five digits."""
    longest = 1e3 * longest_seconds
    return min(6, max(0, 4 - math.floor(math.log10(longest)))) if longest > 0 else 0
