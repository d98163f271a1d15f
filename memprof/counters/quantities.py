"""Numbers and units as Nsight Compute prints them, read exactly.

Numbers follow the language of the machine: "1,234.5", "1.234,5", "1 234,5". Units are scaled by powers of ten: a Kbyte
is 1000 bytes (Nsight Compute documentation, "Metrics and Units"; `--print-units base` leaves them unscaled).
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

_NUMBER = re.compile(r"([+-]?)([0-9.,]+)([eE][+-]?[0-9]{1,3})?")
_PLAIN = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}(\.[0-9]*)?")
_SPACES = re.compile(r"(?<=[0-9])[\s'\u2019](?=[0-9]{3})")
"""Other marks between groups of three digits: a space of any width, an apostrophe."""

_ABSENT = {"", "n/a", "na", "(!) n/a", "-"}
_THOUSANDS = {"": 0, "K": 3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
_PARTS = {"": 0, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9}


class Unit(StrEnum):
    """What a metric is counted in; the values are how messages name it."""

    BYTES = "bytes"
    SECTORS = "sectors"
    SECONDS = "seconds"
    RATE = "bytes per second"


_EXPONENTS: dict[Unit, dict[str, int]] = {
    Unit.BYTES: {f"{prefix}{name}": power for prefix, power in _THOUSANDS.items() for name in ("byte", "bytes", "B")},
    Unit.SECTORS: {f"{prefix}{name}": power for prefix, power in _THOUSANDS.items() for name in ("sector", "sectors")},
    Unit.SECONDS: {f"{prefix}{name}": power for prefix, power in _PARTS.items() for name in ("second", "s")},
    Unit.RATE: {
        f"{prefix}{name}": power
        for prefix, power in _THOUSANDS.items()
        for name in ("byte/second", "byte/s", "B/s", "B/second")
    },
}


def exponent(text: str, unit: Unit) -> int:
    """Return the power of ten that takes amounts in `text` to base units; LookupError where it is no `unit`.

    No unit at all is the base unit.
    """
    return 0 if not text else _EXPONENTS[unit][text]


def is_absent(text: str) -> bool:
    """Tell whether a cell says that there is no number."""
    return text.strip().lower() in _ABSENT


def decimal_mark(text: str) -> str | None:
    """Return which of "." and "," is the decimal mark in a number, None where it does not tell ("1,234", "12")."""
    match = _NUMBER.fullmatch(_SPACES.sub("", text.strip()))
    if match is None:
        return None
    marks = [character for character in match[2] if character in ".,"]
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    if not marks:
        return None
    whole, _, fraction = match[2].partition(marks[0])
    is_group = len(fraction) == 3 and 0 < len(whole) <= 3 and whole != "0" and match[3] is None
    return None if is_group else marks[0]


def read_number(text: str, mark: str = ".") -> Decimal:
    """Return a number whose decimal mark is `mark`, exactly; ValueError where the text is no finite number."""
    match = _NUMBER.fullmatch(_SPACES.sub("", text.strip()))
    if match is None:
        raise ValueError(text)
    sign, digits, power = match.groups(default="")
    if mark == ",":
        digits = digits.translate(str.maketrans(".,", ",."))
    if not (_PLAIN.fullmatch(digits) or _GROUPED.fullmatch(digits)):
        raise ValueError(text)
    return Decimal(f"{sign}{digits.replace(',', '')}{power}")
