"""Tables and sentences in GitHub's Markdown, for the files of `compare` and `ablate`; and the comparison itself."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.comparison import Comparison
from memprof.report import ReportWarning
from memprof.reports import compare_tables
from memprof.reports.tables import BOUND_NOTE, Table

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | {"\n": " ", "\r": " "})


def render(found: Comparison) -> str:
    """Return Markdown: what was compared, sentences, the summary, and each phase's time by kind and by bound."""
    lines = [f"# {escape(compare_tables.title(found))}", "", f"{escape(compare_tables.subtitle(found))}.", ""]
    lines += [*(f"- {escape(sentence)}" for sentence in found.sentences), ""]
    summary = compare_tables.summary(found)
    lines += [f"## {escape(summary.title)}", "", *table(summary)]
    for phase in compare_tables.phases(found):
        lines += [f"## {escape(phase.title)}", "", *table(phase)]
    lines += [escape(BOUND_NOTE), "", *warnings(compare_tables.warnings(found))]
    return "\n".join(lines)


def table(shown: Table) -> list[str]:
    """Return the lines of a table, and an empty one."""
    lines = [
        f"| {' | '.join(_cell(column.header) for column in shown.columns)} |",
        f"|{'|'.join('--:' if column.number else '---' for column in shown.columns)}|",
    ]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in shown.rows), ""]


def warnings(found: Sequence[ReportWarning]) -> list[str]:
    """Return the lines of warnings, each as a quotation followed by an empty line."""
    said = [[f"> **Warning:** {escape(item.message)}. {escape(item.remedy)}.", ""] for item in found]
    return [line for lines in said for line in lines]


def escape(text: str) -> str:
    """Keep Markdown and HTML in a name from taking effect."""
    return text.translate(_SPECIAL)


def _cell(text: str) -> str:
    return escape(" ".join(text.split()))
