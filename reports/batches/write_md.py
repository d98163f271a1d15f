"""The Markdown writer of a model at many batch sizes, in GitHub's flavour."""

from __future__ import annotations

from memprof.reports.batches import tables
from memprof.reports.parts.markdown import escape, sentences, table, warnings
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batches

EXTENSION = "md"


def render(batches: Batches, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: a heading, sentences, a table for each model, remarks."""
    lines = [f"# {escape(tables.title(batches))}", "", f"{escape(tables.subtitle(batches))}.", ""]
    lines += sentences(batches.sentences)
    for curve in batches.curves:
        steps = tables.steps(batches, curve)
        lines += [f"## {escape(steps.title)}", "", *table(steps)]
    lines += sentences(tables.notes(batches))
    lines += warnings(tuple(dict.fromkeys(item for curve in batches.curves for item in curve.warnings)))
    return "\n".join(lines).encode()
