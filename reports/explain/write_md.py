"""The Markdown writer of an explanation, for an issue or a pull request; in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.parts.tables import Table
from memprof.reports.writer import RenderOptions
from memprof.whatif import savings
from memprof.whatif.savings import Losses

EXTENSION = "md"


def render(explained: Explanation | Losses, options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8: a heading, sentences, tables."""
    lines = [f"# {escape(captions.title(explained))}", ""]
    lines += [f"On {escape(explained.device_title)}: {escape(captions.workload(explained))}.", ""]
    lines += markdown.sentences(explained.sentences)
    if isinstance(explained, Losses):
        lines += _section("What would save time (predicted)", tables.savings(explained), savings.NOT_ADDITIVE)
        lines += _section("Where the predicted time goes", tables.spent(explained))
    else:
        difference, note = explained.difference, tables.sign_note(explained)
        lines += _section("By kind of operator", tables.parts(explained, "Kind", difference.kinds), note)
        lines += _section("By stage", tables.parts(explained, "Stage", difference.stages))
        lines += _section("Kind by stage: difference in ms", tables.matrix(explained))
    return "\n".join(lines).encode()


def _section(title: str, table: Table, note: str = "") -> Sequence[str]:
    return [f"## {escape(title)}", "", *([escape(note), ""] if note else []), *markdown.table(table)]
