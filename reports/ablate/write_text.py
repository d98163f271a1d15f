"""Lays an ablation or a sweep out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from memprof.reports.ablate import tables
from memprof.reports.parts import typeset
from memprof.whatif.ablation import Ablation
from memprof.whatif.sweep import Sweep


def render(found: Ablation | Sweep, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = typeset.start(width, color=color)
    typeset.line(console, tables.title(found), typeset.STRONG)
    typeset.line(console, tables.subtitle(found), typeset.FAINT)
    console.print()
    if isinstance(found, Sweep):
        typeset.sentences(console, found.sentences)
        for phase in found.phases():
            shown = tables.sweep(found, phase, layouts=False)
            typeset.section(console, shown.title)
            typeset.table(console, shown, tables.sweep_groups(found, phase))
        console.print()
        for note in tables.sweep_notes(found):
            typeset.note(console, note)
        sizes = tables.sizes(found)
        typeset.section(console, sizes.title)
        typeset.table(console, sizes)
    else:
        table = tables.variants(found, layouts=False)
        typeset.table(console, table, tables.groups(found))
        console.print()
        for note in tables.notes(found):
            typeset.note(console, note)
        named = tables.models(found)
        typeset.section(console, named.title)
        typeset.table(console, named)
        typeset.warnings(console, found.baseline.warnings)
    return typeset.printed(console)
