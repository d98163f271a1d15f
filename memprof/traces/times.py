"""Times as a trace writes them: microseconds in decimal, always, whatever its displayTimeUnit says."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from msgspec import Raw

_MOST_NS = 1 << 62
_MOST_DIGITS = 15
"""Before the decimal point, of microseconds; 2 ** 62 ns has one more."""


def nanoseconds(recorded: Raw) -> int:
    """Return whole nanoseconds, exactly: as a float, a time since 1970 would be off by up to 125 ns.

    ValueError where the text is no number, or none that fits 63 bits.
    """
    whole, point, fraction = bytes(recorded).partition(b".")
    if not point and whole.isdigit():
        time = int(whole) * 1000
    elif len(fraction) == 3 and fraction.isdigit():
        time = int(whole + fraction)
    else:
        return _read_rare(recorded)
    if -_MOST_NS < time < _MOST_NS:
        return time
    raise ValueError("out of range")


def _read_rare(recorded: Raw) -> int:
    """Read what is rare: other numbers of decimals, which are rounded, exponents, signs, numbers in quotes."""
    try:
        microseconds = Decimal(bytes(recorded).decode().strip('"'))
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not microseconds.is_finite() or microseconds.adjusted() >= _MOST_DIGITS:
        raise ValueError("out of range")
    return round(microseconds * 1000)
