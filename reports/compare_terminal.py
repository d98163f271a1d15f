"""Lays a comparison out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from memprof.comparison import Comparison
from memprof.reports import compare_tables, typeset
from memprof.reports.tables import BOUND_NOTE


def render(found: Comparison, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = typeset.start(width, color=color)
    typeset.line(console, compare_tables.title(found), typeset.STRONG)
    typeset.line(console, compare_tables.subtitle(found), typeset.FAINT)
    summary = compare_tables.summary(found)
    typeset.section(console, summary.title)
    typeset.table(console, summary, compare_tables.summary_groups(found))
    console.print()
    typeset.sentences(console, found.sentences)
    for phase in compare_tables.phases(found):
        typeset.section(console, phase.title)
        typeset.table(console, phase)
    console.print()
    typeset.note(console, BOUND_NOTE)
    typeset.warnings(console, compare_tables.warnings(found))
    return typeset.printed(console)
