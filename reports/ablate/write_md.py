"""An ablation or a sweep in GitHub's Markdown."""

from __future__ import annotations

from memprof.reports.ablate import tables
from memprof.reports.parts.markdown import escape, sentences, table, warnings
from memprof.whatif.ablation import Ablation
from memprof.whatif.sweep import Sweep


def render(found: Ablation | Sweep) -> str:
    """Return Markdown: a heading, tables, remarks."""
    lines = [f"# {escape(tables.title(found))}", "", f"{escape(tables.subtitle(found))}.", ""]
    if isinstance(found, Sweep):
        lines += sentences(found.sentences)
        for phase in found.phases():
            shown = tables.sweep(found, phase)
            lines += [f"## {escape(shown.title)}", "", *table(shown)]
        sizes = tables.sizes(found)
        lines += sentences(tables.sweep_notes(found))
        return "\n".join([*lines, f"## {escape(sizes.title)}", "", *table(sizes)])
    lines += table(tables.variants(found))
    lines += sentences(tables.notes(found))
    named = tables.models(found)
    lines += [f"## {escape(named.title)}", "", *table(named), *warnings(found.baseline.warnings)]
    return "\n".join(lines)
