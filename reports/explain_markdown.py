"""An explanation in GitHub's Markdown, for an issue or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import losses
from memprof.explanation import Explanation
from memprof.losses import Losses
from memprof.reports import explain_captions, explain_tables, markdown_parts
from memprof.reports.markdown_parts import escape
from memprof.reports.tables import Table


def render(found: Explanation | Losses) -> str:
    """Return Markdown: a heading, sentences, tables."""
    lines = [f"# {escape(explain_captions.title(found))}", ""]
    lines += [f"On {escape(found.device_title)}: {escape(explain_captions.workload(found))}.", ""]
    lines += markdown_parts.sentences(found.sentences)
    if isinstance(found, Losses):
        lines += _section("What would save time (predicted)", explain_tables.losses(found), losses.NOT_ADDITIVE)
        lines += _section("Where the predicted time goes", explain_tables.spent(found))
    else:
        difference, note = found.difference, explain_tables.sign_note(found)
        lines += _section("By kind of operator", explain_tables.parts(found, "Kind", difference.kinds), note)
        lines += _section("By stage", explain_tables.parts(found, "Stage", difference.stages))
        lines += _section("Kind by stage: difference in ms", explain_tables.matrix(found))
    return "\n".join(lines)


def _section(title: str, table: Table, note: str = "") -> Sequence[str]:
    return [f"## {escape(title)}", "", *([escape(note), ""] if note else []), *markdown_parts.table(table)]
