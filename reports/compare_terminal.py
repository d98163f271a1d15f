"""Lays a comparison out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from memprof.comparison import Comparison
from memprof.reports import compare_console, compare_tables
from memprof.reports.tables import BOUND_NOTE


def render(found: Comparison, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = compare_console.start(width, color=color)
    compare_console.line(console, compare_tables.title(found), compare_console.STRONG)
    compare_console.line(console, compare_tables.subtitle(found), compare_console.FAINT)
    summary = compare_tables.summary(found)
    compare_console.section(console, summary.title)
    compare_console.table(console, summary, compare_tables.summary_groups(found))
    console.print()
    compare_console.sentences(console, found.sentences)
    for phase in compare_tables.phases(found):
        compare_console.section(console, phase.title)
        compare_console.table(console, phase)
    console.print()
    compare_console.note(console, BOUND_NOTE)
    compare_console.warnings(console, compare_tables.warnings(found))
    return compare_console.printed(console)
