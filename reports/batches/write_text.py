"""The text writer of a model at many batch sizes: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from memprof.reports.batches import tables
from memprof.reports.parts import typeset
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batches

EXTENSION = "txt"


def render(batches: Batches, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    typeset.line(console, tables.title(batches), typeset.STRONG)
    typeset.line(console, tables.subtitle(batches), typeset.FAINT)
    console.print()
    typeset.sentences(console, batches.sentences)
    for curve in batches.curves:
        steps = tables.steps(batches, curve)
        typeset.section(console, steps.title)
        typeset.table(console, steps, tables.groups(batches))
    console.print()
    for note in tables.notes(batches):
        typeset.note(console, note)
    typeset.warnings(console, tuple(dict.fromkeys(item for curve in batches.curves for item in curve.warnings)))
    return typeset.finish(console).encode()
