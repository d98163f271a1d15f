"""The Markdown writer: a summary for a pull request or an issue, in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import findings, side_by_side, summary
from memprof.report import Report
from memprof.reports import tables
from memprof.reports.tables import Table
from memprof.reports.writer import RenderOptions

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | {"\n": " ", "\r": " "})


class MarkdownWriter:
    """Writes totals, findings, the table by kind and the most expensive operators."""

    name = "md"
    extension = "md"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return Markdown in UTF-8."""
        lines = [f"# {_escape(side_by_side.title(reports))}", ""]
        if len(reports) > 1:
            lines += _table(tables.side_by_side(reports))
            lines += _sentences(side_by_side.compare(reports))
        for label, report in zip(summary.labels(reports), reports, strict=True):
            lines += _report(label, report, options)
        return "\n".join([*lines[:-1], ""]).encode()


def _report(label: str, report: Report, options: RenderOptions) -> list[str]:
    lines = [f"## {_escape(label)} on {_escape(report.device.title)}", "", f"{_escape(summary.describe(report))}.", ""]
    facts = tables.totals(report)
    lines += ["| Totals | | |", "|---|--:|---|"]
    lines += [f"| {_escape(fact.name)} | {_escape(fact.value)} | {_escape(fact.remark)} |" for fact in facts]
    lines += ["", "### What binds it, and why", "", *_sentences(findings.findings(report))]
    lines += ["### By kind of operator: share of FLOPs against share of predicted time", ""]
    lines += [*_table(tables.kinds(report)), tables.BOUND_NOTE, ""]
    table = tables.top(report, options)
    lines += [f"### {table.title}", "", *_table(table)]
    lines += ["### Ceilings of the device", "", *_table(tables.ceilings(report)), tables.RIDGE_NOTE, ""]
    lines += [f"Coverage: {_escape(findings.coverage(report))}", ""]
    for warning in report.warnings:
        lines += [f"> **Warning:** {_escape(warning.message)}. {_escape(warning.remedy)}.", ""]
    return lines


def _sentences(found: Sequence[findings.Finding]) -> list[str]:
    return [*(f"- {_escape(finding.sentence)}" for finding in found), ""]


def _table(table: Table) -> list[str]:
    lines = [
        f"| {' | '.join(_escape(column.header) for column in table.columns)} |",
        f"|{'|'.join('--:' if column.number else '---' for column in table.columns)}|",
    ]
    lines += [f"| {' | '.join(_escape(' '.join(cell.split())) for cell in row)} |" for row in table.rows]
    return [*lines, ""]


def _escape(text: str) -> str:
    """Keep Markdown and HTML in a name from taking effect."""
    return text.translate(_SPECIAL)
