"""Lays an ablation or a sweep out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from memprof.ablation import Ablation
from memprof.reports import ablate_tables, compare_console
from memprof.sweep import Sweep


def render(found: Ablation | Sweep, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = compare_console.start(width, color=color)
    compare_console.line(console, ablate_tables.title(found), compare_console.STRONG)
    compare_console.line(console, ablate_tables.subtitle(found), compare_console.FAINT)
    console.print()
    if isinstance(found, Sweep):
        compare_console.sentences(console, found.sentences)
        for phase in found.phases():
            shown = ablate_tables.sweep(found, phase, layouts=False)
            compare_console.section(console, shown.title)
            compare_console.table(console, shown, ablate_tables.sweep_groups(found, phase))
        console.print()
        for note in ablate_tables.sweep_notes(found):
            compare_console.note(console, note)
        sizes = ablate_tables.sizes(found)
        compare_console.section(console, sizes.title)
        compare_console.table(console, sizes)
    else:
        table = ablate_tables.variants(found, layouts=False)
        compare_console.table(console, table, ablate_tables.groups(found))
        console.print()
        for note in ablate_tables.notes(found):
            compare_console.note(console, note)
        named = ablate_tables.models(found)
        compare_console.section(console, named.title)
        compare_console.table(console, named)
        compare_console.warnings(console, found.baseline.warnings)
    return compare_console.printed(console)
