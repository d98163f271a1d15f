"""What all Markdown is made of: names that cannot take effect, tables, sentences, warnings; in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof.report.record import ReportWarning
from memprof.reports.parts.tables import Table

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | {"\n": " ", "\r": " "})


def escape(text: str) -> str:
    """Keep Markdown and HTML in a name from taking effect."""
    return text.translate(_SPECIAL)


def table(shown: Table) -> list[str]:
    """Return the lines of a table, and an empty one."""
    ruler = "|".join("--:" if column.number else "---" for column in shown.columns)
    return [_line([column.header for column in shown.columns]), f"|{ruler}|", *map(_line, shown.rows), ""]


def sentences(said: Iterable[str]) -> list[str]:
    """Return the lines of a list of sentences, and an empty one."""
    return [*(f"- {escape(sentence)}" for sentence in said), ""]


def warnings(found: Sequence[ReportWarning]) -> list[str]:
    """Return the lines of warnings, each as a quotation followed by an empty line."""
    said = [[f"> **Warning:** {escape(item.message)}. {escape(item.remedy)}.", ""] for item in found]
    return [line for lines in said for line in lines]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(escape(' '.join(cell.split())) for cell in cells)} |"
