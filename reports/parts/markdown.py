"""What all Markdown is made of: names that cannot take effect, tables, sentences, warnings; in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof.report.record import ReportWarning
from memprof.reports.parts.document import Document
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.tables import Table

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | dict.fromkeys("\n\r\t", " "))


def escape(text: str) -> str:
    """Keep Markdown, HTML and hidden characters in a name from taking effect."""
    return show_hidden(text.translate(_SPECIAL))


def table(shown: Table) -> list[str]:
    """Return the lines of a table, and an empty one."""
    ruler = "|".join("--:" if column.number else "---" for column in shown.columns)
    return [_line([column.header for column in shown.columns]), f"|{ruler}|", *map(_line, shown.rows), ""]


def sentences(contents: Iterable[str]) -> list[str]:
    """Return the lines of a list of sentences, and an empty one."""
    return [*(f"- {escape(sentence)}" for sentence in contents), ""]


def warnings(contents: Sequence[ReportWarning]) -> list[str]:
    """Return the lines of warnings, each as a quotation followed by an empty line."""
    quotations = [f"> **Warning:** {escape(item.message)}. {escape(item.remedy)}." for item in contents]
    return [line for quotation in quotations for line in (quotation, "")]


def lay_out(document: Document, level: int = 1) -> str:
    """Return a document whose title is a heading of `level`, and its sections one below."""
    lines = [f"{'#' * level} {escape(document.title)}", ""]
    lines += [line for sentence in document.sentences for line in (escape(sentence), "")]
    for section in document.sections:
        lines += [f"{'#' * (level + 1)} {escape(section.table.title)}", "", *table(section.table)]
        lines += [line for note in section.notes for line in (escape(note), "")]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(escape(' '.join(cell.split())) for cell in cells)} |"
