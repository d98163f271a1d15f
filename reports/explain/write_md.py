"""An explanation in GitHub's Markdown, for an issue or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.parts.tables import Table
from memprof.whatif import savings
from memprof.whatif.savings import Losses


def render(found: Explanation | Losses) -> str:
    """Return Markdown: a heading, sentences, tables."""
    lines = [f"# {escape(captions.title(found))}", ""]
    lines += [f"On {escape(found.device_title)}: {escape(captions.workload(found))}.", ""]
    lines += markdown.sentences(found.sentences)
    if isinstance(found, Losses):
        lines += _section("What would save time (predicted)", tables.losses(found), savings.NOT_ADDITIVE)
        lines += _section("Where the predicted time goes", tables.spent(found))
    else:
        difference, note = found.difference, tables.sign_note(found)
        lines += _section("By kind of operator", tables.parts(found, "Kind", difference.kinds), note)
        lines += _section("By stage", tables.parts(found, "Stage", difference.stages))
        lines += _section("Kind by stage: difference in ms", tables.matrix(found))
    return "\n".join(lines)


def _section(title: str, table: Table, note: str = "") -> Sequence[str]:
    return [f"## {escape(title)}", "", *([escape(note), ""] if note else []), *markdown.table(table)]
