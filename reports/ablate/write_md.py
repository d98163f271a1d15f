"""The Markdown writer of an ablation, in GitHub's flavour."""

from __future__ import annotations

from memprof.reports.ablate import tables
from memprof.reports.parts.markdown import escape, sentences, table, warnings
from memprof.reports.writer import RenderOptions
from memprof.whatif.ablation import Ablation

EXTENSION = "md"


def render(ablation: Ablation, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: a heading, tables, remarks."""
    lines = [f"# {escape(tables.title(ablation))}", "", f"{escape(tables.subtitle(ablation))}.", ""]
    lines += table(tables.variants(ablation))
    lines += sentences(tables.notes(ablation))
    named = tables.models(ablation)
    lines += [f"## {escape(named.title)}", "", *table(named), *warnings(ablation.baseline.warnings)]
    return "\n".join(lines).encode()
