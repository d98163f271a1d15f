"""The Markdown writer: a summary for a pull request or an issue, in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Sequence

from memprof.comparisons import reports as side_by_side
from memprof.findings import binding
from memprof.report import groups
from memprof.report.record import Report
from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.report import facts, measured_markdown, tables, top_table
from memprof.reports.writer import RenderOptions

EXTENSION = "md"


def render(reports: Sequence[Report], options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8."""
    lines = [f"# {escape(side_by_side.title(reports))}", ""]
    if len(reports) > 1:
        lines += markdown.table(tables.side_by_side(reports))
        lines += _findings(side_by_side.compare(reports))
    for label, report in zip(groups.labels(reports), reports, strict=True):
        lines += _report(label, report, options)
    return "\n".join([*lines[:-1], ""]).encode()


def _report(label: str, report: Report, options: RenderOptions) -> list[str]:
    lines = [f"## {escape(label)} on {escape(report.device.title)}", "", f"{escape(groups.describe(report))}.", ""]
    lines += measured_markdown.mark(report)
    lines += measured_markdown.totals(facts.totals(report), "Totals")
    lines += ["", "### What binds it, and why", "", *_findings(binding.findings(report))]
    lines += measured_markdown.device(report)
    lines += [f"### By kind of operator: share of FLOPs against share of {groups.time_name(report)}", ""]
    lines += [*markdown.table(tables.kinds(report)), tables.bound_note(report), ""]
    table = top_table.top(report, options)
    lines += [f"### {table.title}", "", *markdown.table(table)]
    notes = top_table.notes(report, options)
    lines += markdown.sentences(notes) if notes else []
    lines += measured_markdown.details(report, options.top)
    ceilings = markdown.table(tables.ceilings(report))
    lines += ["### Ceilings of the device", "", *ceilings, tables.ridge_note(report), ""]
    lines += [f"Coverage: {escape(binding.coverage(report))}", ""]
    return [*lines, *markdown.warnings(report.warnings)]


def _findings(found: Sequence[binding.Finding]) -> list[str]:
    return markdown.sentences(finding.sentence for finding in found)
