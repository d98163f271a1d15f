"""Lays an ablation or a sweep out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from memprof.ablation import Ablation
from memprof.reports import ablate_tables, typeset
from memprof.sweep import Sweep


def render(found: Ablation | Sweep, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = typeset.start(width, color=color)
    typeset.line(console, ablate_tables.title(found), typeset.STRONG)
    typeset.line(console, ablate_tables.subtitle(found), typeset.FAINT)
    console.print()
    if isinstance(found, Sweep):
        typeset.sentences(console, found.sentences)
        for phase in found.phases():
            shown = ablate_tables.sweep(found, phase, layouts=False)
            typeset.section(console, shown.title)
            typeset.table(console, shown, ablate_tables.sweep_groups(found, phase))
        console.print()
        for note in ablate_tables.sweep_notes(found):
            typeset.note(console, note)
        sizes = ablate_tables.sizes(found)
        typeset.section(console, sizes.title)
        typeset.table(console, sizes)
    else:
        table = ablate_tables.variants(found, layouts=False)
        typeset.table(console, table, ablate_tables.groups(found))
        console.print()
        for note in ablate_tables.notes(found):
            typeset.note(console, note)
        named = ablate_tables.models(found)
        typeset.section(console, named.title)
        typeset.table(console, named)
        typeset.warnings(console, found.baseline.warnings)
    return typeset.printed(console)
