"""The Markdown writer: a summary for a pull request or an issue, in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import findings, side_by_side, summary
from memprof.report import Report
from memprof.reports import facts, markdown_parts, measured_markdown, tables, top_table
from memprof.reports.markdown_parts import escape
from memprof.reports.writer import RenderOptions


class MarkdownWriter:
    """Writes totals, findings, the table by kind and the most expensive operators."""

    name = "md"
    extension = "md"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return Markdown in UTF-8."""
        lines = [f"# {escape(side_by_side.title(reports))}", ""]
        if len(reports) > 1:
            lines += markdown_parts.table(tables.side_by_side(reports))
            lines += _findings(side_by_side.compare(reports))
        for label, report in zip(summary.labels(reports), reports, strict=True):
            lines += _report(label, report, options)
        return "\n".join([*lines[:-1], ""]).encode()


def _report(label: str, report: Report, options: RenderOptions) -> list[str]:
    lines = [f"## {escape(label)} on {escape(report.device.title)}", "", f"{escape(summary.describe(report))}.", ""]
    lines += measured_markdown.mark(report)
    lines += measured_markdown.totals(facts.totals(report), "Totals")
    lines += ["", "### What binds it, and why", "", *_findings(findings.findings(report))]
    lines += measured_markdown.device(report)
    lines += [f"### By kind of operator: share of FLOPs against share of {summary.time_name(report)}", ""]
    lines += [*markdown_parts.table(tables.kinds(report)), tables.bound_note(report), ""]
    table = top_table.top(report, options)
    lines += [f"### {table.title}", "", *markdown_parts.table(table)]
    notes = top_table.notes(report, options)
    lines += markdown_parts.sentences(notes) if notes else []
    lines += measured_markdown.details(report, options.top)
    ceilings = markdown_parts.table(tables.ceilings(report))
    lines += ["### Ceilings of the device", "", *ceilings, tables.ridge_note(report), ""]
    lines += [f"Coverage: {escape(findings.coverage(report))}", ""]
    return [*lines, *markdown_parts.warnings(report.warnings)]


def _findings(found: Sequence[findings.Finding]) -> list[str]:
    return markdown_parts.sentences(finding.sentence for finding in found)
