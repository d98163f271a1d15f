"""Lays a comparison out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from memprof.comparisons.models import Comparison
from memprof.reports.compare import tables
from memprof.reports.parts import typeset
from memprof.reports.parts.cells import BOUND_NOTE


def render(found: Comparison, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = typeset.start(width, color=color)
    typeset.line(console, tables.title(found), typeset.STRONG)
    typeset.line(console, tables.subtitle(found), typeset.FAINT)
    summary = tables.summary(found)
    typeset.section(console, summary.title)
    typeset.table(console, summary, tables.summary_groups(found))
    console.print()
    typeset.sentences(console, found.sentences)
    for phase in tables.phases(found):
        typeset.section(console, phase.title)
        typeset.table(console, phase)
    console.print()
    typeset.note(console, BOUND_NOTE)
    typeset.warnings(console, tables.warnings(found))
    return typeset.printed(console)
