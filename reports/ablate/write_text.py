"""The text writer of an ablation: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from memprof.reports.ablate import tables
from memprof.reports.parts import typeset
from memprof.reports.writer import RenderOptions
from memprof.whatif.ablation import Ablation

EXTENSION = "txt"


def render(ablation: Ablation, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    typeset.line(console, tables.title(ablation), typeset.STRONG)
    typeset.line(console, tables.subtitle(ablation), typeset.FAINT)
    console.print()
    typeset.table(console, tables.variants(ablation, layouts=False), tables.groups(ablation))
    console.print()
    for note in tables.notes(ablation):
        typeset.note(console, note)
    named = tables.models(ablation)
    typeset.section(console, named.title)
    typeset.table(console, named)
    typeset.warnings(console, ablation.baseline.warnings)
    return typeset.finish(console).encode()
