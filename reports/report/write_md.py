"""The Markdown writer: a summary for a pull request or an issue, in GitHub's flavour."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import findings
from memprof.comparisons import reports as side_by_side
from memprof.report.digest import Digest
from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.report import facts, measured_markdown, tables, top_table
from memprof.reports.writer import RenderOptions

EXTENSION = "md"


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return Markdown in UTF-8."""
    lines = [f"# {escape(side_by_side.title(digests))}", ""]
    if len(digests) > 1:
        lines += markdown.table(tables.side_by_side(digests))
        lines += _findings(side_by_side.compare(digests))
    for digest in digests:
        lines += _report(digest, options)
    return "\n".join([*lines[:-1], ""]).encode()


def _report(digest: Digest, options: RenderOptions) -> list[str]:
    lines = [f"## {escape(digest.label)} on {escape(digest.device.title)}", "", f"{escape(digest.workload)}.", ""]
    lines += measured_markdown.mark(digest)
    lines += measured_markdown.totals(facts.totals(digest), "Totals")
    lines += ["", "### What binds it, and why", "", *_findings(findings.findings(digest))]
    lines += measured_markdown.device(digest)
    lines += _operators(digest, options) if digest.report.operators else []
    lines += measured_markdown.details(digest, options.top)
    ceilings = markdown.table(tables.ceilings(digest))
    lines += ["### Ceilings of the device", "", *ceilings, tables.ridge_note(digest), ""]
    lines += [f"Coverage: {escape(findings.coverage(digest))}", ""]
    return [*lines, *markdown.warnings(digest.report.warnings)]


def _operators(digest: Digest, options: RenderOptions) -> list[str]:
    table, notes = top_table.top(digest, options), top_table.notes(digest, options)
    return [
        *[f"### By kind of operator: share of FLOPs against share of {digest.time.name}", ""],
        *[*markdown.table(tables.kinds(digest)), tables.bound_note(digest), ""],
        *[f"### {table.title}", "", *markdown.table(table)],
        *(markdown.sentences(notes) if notes else []),
    ]


def _findings(items: Sequence[findings.Finding]) -> list[str]:
    return markdown.sentences(finding.sentence for finding in items)
