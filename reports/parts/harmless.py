"""What no name of a model, module or kernel may do to who reads it: hide, reorder or run something."""

from __future__ import annotations

import json
import re
import unicodedata

_FORMULA = tuple("=+-@\t\r＝＋－＠")
"""A spreadsheet takes a cell that begins with one of these for a formula, once it lies in a CSV file."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-](inf|infinity|nan)", re.ASCII | re.IGNORECASE)


def show_hidden(text: str, keep: str = "\n") -> str:
    """Return text with U+FFFD for what a terminal or browser would obey instead of showing it, but for those in `keep`.

    That is control characters (ESC and BEL among them), marks that turn the direction of text or have no width, and
    halves of surrogates.
    """
    hidden = _hidden(text, keep)
    return text.translate(dict.fromkeys(map(ord, hidden), "\N{REPLACEMENT CHARACTER}")) if hidden else text


def json_escapes(text: str) -> str:
    """Return JSON whose text has no hidden character any more but reads as the same."""
    hidden = _hidden(text, "\n")
    return text.translate({ord(char): json.dumps(char)[1:-1] for char in hidden}) if hidden else text


def csv_cell(value: object) -> object:
    """Return what a cell of CSV holds: text that would be a formula gets an apostrophe first, numbers stay numbers."""
    if not isinstance(value, str):
        return value
    shown = show_hidden(value, keep="\t\r\n")
    is_formula = shown.startswith(_FORMULA) and not _NUMBER.fullmatch(shown)
    return f"'{shown}" if is_formula else shown


def _hidden(text: str, keep: str) -> set[str]:
    """Return the characters of a text that are not shown, but for those in `keep`; nearly always there are none."""
    return {char for char in set(text) if char not in keep and not _is_shown(char)}


def _is_shown(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
