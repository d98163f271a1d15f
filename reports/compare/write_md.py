"""A comparison in GitHub's Markdown, for an issue or a pull request."""

from __future__ import annotations

from memprof.comparisons.models import Comparison
from memprof.reports.compare import tables
from memprof.reports.parts import markdown
from memprof.reports.parts.cells import BOUND_NOTE
from memprof.reports.parts.markdown import escape


def render(found: Comparison) -> str:
    """Return Markdown: what was compared, sentences, the summary, and each phase's time by kind and by bound."""
    lines = [f"# {escape(tables.title(found))}", "", f"{escape(tables.subtitle(found))}.", ""]
    lines += markdown.sentences(found.sentences)
    summary = tables.summary(found)
    lines += [f"## {escape(summary.title)}", "", *markdown.table(summary)]
    for phase in tables.phases(found):
        lines += [f"## {escape(phase.title)}", "", *markdown.table(phase)]
    lines += [escape(BOUND_NOTE), "", *markdown.warnings(tables.warnings(found))]
    return "\n".join(lines)
