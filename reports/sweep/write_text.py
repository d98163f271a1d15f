"""The text writer of a sweep: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from memprof.reports.parts import typeset
from memprof.reports.sweep import tables
from memprof.reports.writer import RenderOptions
from memprof.whatif.sweep import Sweep

EXTENSION = "txt"


def render(sweep: Sweep, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    typeset.line(console, tables.title(sweep), typeset.STRONG)
    typeset.line(console, tables.subtitle(sweep), typeset.FAINT)
    console.print()
    typeset.sentences(console, sweep.sentences)
    for phase in sweep.phases():
        steps = tables.steps(sweep, phase, layouts=False)
        typeset.section(console, steps.title)
        typeset.table(console, steps, tables.groups(sweep, phase))
    console.print()
    for note in tables.notes(sweep):
        typeset.note(console, note)
    sizes = tables.sizes(sweep)
    typeset.section(console, sizes.title)
    typeset.table(console, sizes)
    return typeset.finish(console).encode()
