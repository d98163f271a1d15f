"""The text writer of a comparison: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from memprof.comparisons.models import Comparison
from memprof.reports.compare import tables
from memprof.reports.parts import typeset
from memprof.reports.parts.cells import bound_note
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"


def render(comparison: Comparison, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    typeset.line(console, tables.title(comparison), typeset.STRONG)
    typeset.line(console, tables.subtitle(comparison), typeset.FAINT)
    summary = tables.summary(comparison)
    typeset.section(console, summary.title)
    typeset.table(console, summary, tables.summary_groups(comparison))
    console.print()
    typeset.sentences(console, comparison.sentences)
    for phase in tables.phases(comparison):
        typeset.section(console, phase.title)
        typeset.table(console, phase)
    console.print()
    typeset.note(console, bound_note(item.device_family for item in comparison.entries))
    typeset.warnings(console, tables.warnings(comparison))
    return typeset.finish(console).encode()
