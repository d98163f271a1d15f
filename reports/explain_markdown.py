"""An explanation in GitHub's Markdown, for an issue or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import losses
from memprof.explanation import Explanation
from memprof.losses import Losses
from memprof.reports import explain_captions, explain_tables
from memprof.reports.tables import Table

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | {"\n": " ", "\r": " "})


def render(found: Explanation | Losses) -> str:
    """Return Markdown: a heading, sentences, tables."""
    lines = [f"# {_escape(explain_captions.title(found))}", ""]
    lines += [f"On {_escape(found.device_title)}: {_escape(explain_captions.workload(found))}.", ""]
    lines += [*(f"- {_escape(sentence)}" for sentence in found.sentences), ""]
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
    lines = [f"## {_escape(title)}", "", *([_escape(note), ""] if note else [])]
    lines.append(f"| {' | '.join(_escape(column.header) for column in table.columns)} |")
    lines.append(f"|{'|'.join('--:' if column.number else '---' for column in table.columns)}|")
    lines += [f"| {' | '.join(_escape(' '.join(cell.split())) for cell in row)} |" for row in table.rows]
    return [*lines, ""]


def _escape(text: str) -> str:
    """Keep Markdown and HTML in a name from taking effect."""
    return text.translate(_SPECIAL)
