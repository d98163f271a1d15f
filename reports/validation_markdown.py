"""Lays a validation out as Markdown, in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.reports.tables import Table
from memprof.reports.validation_document import Document

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | {"\n": " ", "\r": " "})


def render(document: Document, level: int = 1) -> str:
    """Return Markdown whose title is a heading of `level`, and its sections one below."""
    lines = [f"{'#' * level} {escape(document.title)}", ""]
    lines += [line for sentence in document.sentences for line in (escape(sentence), "")]
    for section in document.sections:
        lines += [f"{'#' * (level + 1)} {escape(section.table.title)}", "", *table_lines(section.table), ""]
        lines += [line for note in section.notes for line in (escape(note), "")]
    return "\n".join(lines)


def table_lines(table: Table) -> list[str]:
    """Return a table as lines."""
    columns = table.columns
    ruler = "|".join("--:" if column.number else "---" for column in columns)
    return [_line([column.header for column in columns]), f"|{ruler}|", *map(_line, table.rows)]


def escape(text: str) -> str:
    """Keep Markdown and HTML in a name from taking effect."""
    return " ".join(text.translate(_SPECIAL).split())


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escape(cell) for cell in cells)} |"
