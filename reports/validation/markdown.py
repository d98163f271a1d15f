"""Lays a validation out as Markdown, in GitHub's flavour."""

from __future__ import annotations

from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.validation.document import Document


def render(document: Document, level: int = 1) -> str:
    """Return Markdown whose title is a heading of `level`, and its sections one below."""
    lines = [f"{'#' * level} {escape(document.title)}", ""]
    lines += [line for sentence in document.sentences for line in (escape(sentence), "")]
    for section in document.sections:
        lines += [f"{'#' * (level + 1)} {escape(section.table.title)}", "", *markdown.table(section.table)]
        lines += [line for note in section.notes for line in (escape(note), "")]
    return "\n".join(lines)
