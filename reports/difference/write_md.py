"""The Markdown writer of a difference between traces, for an issue or a pull request; in GitHub's flavour."""

from __future__ import annotations

from memprof.comparisons.changes import TraceDifference
from memprof.reports.difference import tables
from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.writer import RenderOptions

EXTENSION = "md"


def render(difference: TraceDifference, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: a heading, sentences, tables of the `options.top` largest changes."""
    lines = [f"# {escape(tables.title(difference))}", ""]
    lines += [f"- {escape(origin)}" for origin in tables.origins(difference)]
    lines += ["", *markdown.sentences(difference.sentences)]
    for name, changes in tables.sorts(difference):
        table = tables.changes(difference, name, changes, options.top)
        lines += [f"## By {name.lower()}: measured ms a step", "", *markdown.table(table)]
    return "\n".join([*lines, escape(tables.sign_note(difference)), ""]).encode()
