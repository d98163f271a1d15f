"""An answer as a table of text, for people."""

from __future__ import annotations

import math
from typing import Any

from memprof import units
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table
from memprof.sweeps.answers import Answer

_MANY = 8
"""Columns beyond which a table is made narrower."""
_NAMES = ("model", "device")
"""Columns of names, which may be shortened."""
_SHORT = 8
"""Letters of a column's name that stay in one line."""
_WHOLE, _LONG = 1_000, 1e9
"""Between these a float is shown without decimals."""
_UNITS = {
    "_bytes": units.byte_count,
    "flops": units.flop_count,
    "seconds": units.seconds,
    "relative_error": units.share,
}


def document(answer: Answer) -> Document:
    """Return the answer as a document of one table.

    Of many columns those are left out that say the same in every row, and a note says it.
    """
    kept, notes = narrowed(answer)
    names = [answer.columns[place] for place in kept]
    columns = tuple(
        Column(_header(name), number=is_number(answer, place), path=name in _NAMES)
        for name, place in zip(names, kept, strict=True)
    )
    rows = tuple(tuple(cell(name, row[place]) for name, place in zip(names, kept, strict=True)) for row in answer.rows)
    count = "One row" if len(rows) == 1 else f"{len(rows):,} rows"
    return Document(answer.title or count, (), (Section(Table("", columns, rows), (*notes, *answer.notes)),))


def narrowed(answer: Answer) -> tuple[list[int], tuple[str, ...]]:
    """Return the places of the columns to show, and what is to be said of the others."""
    alike = _alike(answer) if len(answer.columns) > _MANY else {}
    said = [f"{answer.columns[place]} {text}" for place, text in alike.items() if text]
    kept = [place for place in range(len(answer.columns)) if place not in alike]
    return kept, (f"In all rows: {', '.join(said)}.",) if said else ()


def _alike(answer: Answer) -> dict[int, str]:
    """Return the places of columns of several rows whose values are all equal, with that value."""
    found = {}
    for place, name in enumerate(answer.columns):
        values = {row[place] for row in answer.rows}
        if len(values) == 1 and len(answer.rows) > 1:
            found[place] = cell(name, values.pop())
    return found


def is_number(answer: Answer, place: int) -> bool:
    """Tell whether a column holds numbers."""
    values = [row[place] for row in answer.rows if row[place] is not None]
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _header(name: str) -> str:
    """Return the name of a column, the words of a long one below one another."""
    return name.replace("_", "\n") if len(name) > _SHORT and name.isidentifier() else name


def cell(name: str, value: Any) -> str:
    """Return a value of a column as text: five digits of a float are more than a prediction knows."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None)
        if unit is not None:
            return unit(value)
        return f"{value:,.0f}" if _WHOLE <= abs(value) < _LONG else f"{value:.5g}"
    return str(value)
