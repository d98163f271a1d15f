"""Times as a trace writes them: microseconds in decimal, always, whatever its displayTimeUnit says."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from msgspec import Raw

MOST_NS = (1 << 63) - 1
"""The most nanoseconds that a time has, and that lie between two: what a signed number of 64 bits holds, 292 years."""

_MOST_DIGITS = 16
"""Of `MOST_NS` in microseconds, before the decimal point: a longer number is not even converted."""
_NS_DIGITS = 3
"""Of a fraction of a microsecond: what is finer is rounded."""


def nanoseconds(recorded: Raw) -> int:
    """Return whole nanoseconds, exactly: as a float, a time since 1970 would be off by up to 125 ns.

    ValueError where the text is no number, or none that fits 63 bits.
    """
    whole, point, fraction = bytes(recorded).partition(b".")
    if not point and whole.isdigit():
        time = int(whole) * 1000
    elif len(fraction) == _NS_DIGITS and fraction.isdigit():
        time = int(whole + fraction)
    else:
        time = _read_rare(recorded)
    if -MOST_NS <= time <= MOST_NS:
        return time
    raise ValueError("out of range")


def _read_rare(recorded: Raw) -> int:
    """Read what is rare: other numbers of decimals, which are rounded, exponents, signs, numbers in quotes."""
    try:
        microseconds = Decimal(bytes(recorded).decode().strip('"'))
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not microseconds.is_finite() or (microseconds and microseconds.adjusted() >= _MOST_DIGITS):
        raise ValueError("out of range")
    return int(round(microseconds, _NS_DIGITS).scaleb(_NS_DIGITS))
