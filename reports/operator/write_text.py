"""The text writer of an operator's study: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from memprof.reports.operator import tables
from memprof.reports.parts import typeset
from memprof.reports.writer import RenderOptions
from memprof.whatif.operators import Study

EXTENSION = "txt"


def render(study: Study, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    typeset.line(console, tables.title(study), typeset.STRONG)
    typeset.line(console, tables.subtitle(study), typeset.FAINT)
    console.print()
    typeset.sentences(console, study.sentences)
    for table in tables.tables(study):
        typeset.section(console, table.title)
        typeset.table(console, table, tables.groups(table))
    console.print()
    for note in tables.notes(study):
        typeset.note(console, note)
    return typeset.finish(console).encode()
