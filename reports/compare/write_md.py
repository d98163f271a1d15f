"""The Markdown writer of a comparison, for an issue or a pull request; in GitHub's flavour."""

from __future__ import annotations

from memprof.comparisons.models import Comparison
from memprof.reports.compare import tables
from memprof.reports.parts import markdown
from memprof.reports.parts.cells import bound_note
from memprof.reports.parts.markdown import escape
from memprof.reports.writer import RenderOptions

EXTENSION = "md"


def render(comparison: Comparison, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: sentences, the summary, each phase's time by kind and by bound."""
    lines = [f"# {escape(tables.title(comparison))}", "", f"{escape(tables.subtitle(comparison))}.", ""]
    lines += markdown.sentences(comparison.sentences)
    summary = tables.summary(comparison)
    lines += [f"## {escape(summary.title)}", "", *markdown.table(summary)]
    for phase in tables.phases(comparison):
        lines += [f"## {escape(phase.title)}", "", *markdown.table(phase)]
    lines += [
        escape(bound_note(item.device_family for item in comparison.entries)),
        "",
        *markdown.warnings(tables.warnings(comparison)),
    ]
    return "\n".join(lines).encode()
