"""The Markdown writer of a sweep, in GitHub's flavour."""

from __future__ import annotations

from memprof.reports.parts.markdown import escape, sentences, table
from memprof.reports.sweep import tables
from memprof.reports.writer import RenderOptions
from memprof.whatif.sweep import Sweep

EXTENSION = "md"


def render(sweep: Sweep, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: a heading, sentences, a table for each phase, remarks, sizes."""
    lines = [f"# {escape(tables.title(sweep))}", "", f"{escape(tables.subtitle(sweep))}.", ""]
    lines += sentences(sweep.sentences)
    for phase in sweep.phases():
        steps = tables.steps(sweep, phase)
        lines += [f"## {escape(steps.title)}", "", *table(steps)]
    lines += sentences(tables.notes(sweep))
    sizes = tables.sizes(sweep)
    return "\n".join([*lines, f"## {escape(sizes.title)}", "", *table(sizes)]).encode()
