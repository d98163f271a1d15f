"""What the page says that is otherwise on another device: sentences, figures and tables by their places on the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from memprof import findings
from memprof.comparisons import reports as side_by_side
from memprof.report.digest import Digest
from memprof.reports.page import first
from memprof.reports.page.memory import course
from memprof.reports.parts.tables import Fact, Table
from memprof.reports.report import facts, tables
from memprof.reports.roofline import captions

Json = dict[str, Any]


def page_words(digests: Sequence[Digest]) -> Json:
    """Return the sentences, figures and tables of the page that are other ones on other devices, by their places."""
    own: Json = {"title": side_by_side.title(digests), "line": first.line(digests, captions.subtitle(digests))}
    for index, digest in enumerate(digests):
        own[f"figures.{index}"] = [[item.value, item.remark, item.share, item.color] for item in first.figures(digest)]
        own[f"findings.{index}"] = [item.sentence for item in findings.findings(digest)]
        held = course(digest)
        own[f"memory.{index}"] = held.sentence if held else ""
        own[f"warnings.{index}"] = [[item.message, item.remedy] for item in digest.report.warnings]
    own["assumed.0"] = _facts(first.assumed(digests[0]))
    own["ceilings.0"] = _cells(tables.ceilings(digests[0]))
    own["ridge-note"], own["bound-note"] = tables.ridge_note(digests[0]), tables.bound_note(digests[0])
    own["device.0"] = digests[0].device.title
    if len(digests) == 1:
        own["facts"] = _facts(facts.totals(digests[0]))
    else:
        own["compared"] = [item.sentence for item in side_by_side.compare(digests)]
        own["comparison"] = _cells(tables.side_by_side(digests))
    return own


def _facts(known: Iterable[Fact]) -> list[list[str]]:
    return [[fact.name, fact.value, fact.remark] for fact in known]


def _cells(table: Table) -> Json:
    return {
        "head": [column.header for column in table.columns],
        "numbers": [column.number for column in table.columns],
        "rows": table.rows,
    }
