"""A comparison in GitHub's Markdown, for an issue or a pull request."""

from __future__ import annotations

from memprof.comparison import Comparison
from memprof.reports import compare_tables, markdown_parts
from memprof.reports.markdown_parts import escape
from memprof.reports.tables import BOUND_NOTE


def render(found: Comparison) -> str:
    """Return Markdown: what was compared, sentences, the summary, and each phase's time by kind and by bound."""
    lines = [f"# {escape(compare_tables.title(found))}", "", f"{escape(compare_tables.subtitle(found))}.", ""]
    lines += markdown_parts.sentences(found.sentences)
    summary = compare_tables.summary(found)
    lines += [f"## {escape(summary.title)}", "", *markdown_parts.table(summary)]
    for phase in compare_tables.phases(found):
        lines += [f"## {escape(phase.title)}", "", *markdown_parts.table(phase)]
    lines += [escape(BOUND_NOTE), "", *markdown_parts.warnings(compare_tables.warnings(found))]
    return "\n".join(lines)
