"""An ablation or a sweep in GitHub's Markdown."""

from __future__ import annotations

from memprof.ablation import Ablation
from memprof.reports import ablate_tables
from memprof.reports.markdown_parts import escape, sentences, table, warnings
from memprof.sweep import Sweep


def render(found: Ablation | Sweep) -> str:
    """Return Markdown: a heading, tables, remarks."""
    lines = [f"# {escape(ablate_tables.title(found))}", "", f"{escape(ablate_tables.subtitle(found))}.", ""]
    if isinstance(found, Sweep):
        lines += sentences(found.sentences)
        for phase in found.phases():
            shown = ablate_tables.sweep(found, phase)
            lines += [f"## {escape(shown.title)}", "", *table(shown)]
        sizes = ablate_tables.sizes(found)
        lines += sentences(ablate_tables.sweep_notes(found))
        return "\n".join([*lines, f"## {escape(sizes.title)}", "", *table(sizes)])
    lines += table(ablate_tables.variants(found))
    lines += sentences(ablate_tables.notes(found))
    named = ablate_tables.models(found)
    lines += [f"## {escape(named.title)}", "", *table(named), *warnings(found.baseline.warnings)]
    return "\n".join(lines)
