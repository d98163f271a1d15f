"""The Markdown writer of an operator's study, in GitHub's flavour."""

from __future__ import annotations

from memprof.reports.operator import tables
from memprof.reports.parts.markdown import escape, sentences, table
from memprof.reports.writer import RenderOptions
from memprof.whatif.operators import Study

EXTENSION = "md"


def render(study: Study, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: a heading, sentences, tables, remarks."""
    lines = [f"# {escape(tables.title(study))}", "", f"{escape(tables.subtitle(study))}.", ""]
    lines += sentences(study.sentences)
    for item in tables.tables(study):
        lines += [f"## {escape(item.title)}", "", *table(item)]
    return "\n".join([*lines, *sentences(tables.notes(study))]).encode()
