"""Lays out in Markdown what only a measured report has."""

from __future__ import annotations

from memprof.findings import reached
from memprof.report.digest import Digest
from memprof.reports.parts import markdown
from memprof.reports.parts.markdown import escape
from memprof.reports.parts.tables import Fact, Table
from memprof.reports.report import measured_tables


def totals(facts: tuple[Fact, ...], title: str) -> list[str]:
    """Return the lines of a table of totals, without the empty one after it."""
    rows = [f"| {escape(fact.name)} | {escape(fact.value)} | {escape(fact.remark)} |" for fact in facts]
    return [f"| {title} | | |", "|---|--:|---|", *rows]


def mark(digest: Digest) -> list[str]:
    """Return what was measured and where, and a warning where the device was throttled."""
    throttled = reached.throttling(digest)
    origin = measured_tables.origin(digest)
    return [
        *([f"{escape(origin)}.", ""] if origin else []),
        *([f"> **Warning:** {escape(throttled)}", ""] if throttled else []),
    ]


def device(digest: Digest) -> list[str]:
    """Return where the device's time went: busy, idle, communication, gaps, and what belongs to no operator."""
    parts = measured_tables.device_time(digest), measured_tables.gaps(digest), measured_tables.strays(digest)
    return [line for table in parts for line in _section(table)]


def details(digest: Digest, top: int) -> list[str]:
    """Return counted traffic, the longest kernels, how the steps were timed, and what the device's sensors said."""
    timing = measured_tables.timing(digest)
    lines = [*_section(measured_tables.traffic(digest, top)), *_section(measured_tables.kernels(digest, top))]
    lines += [*totals(timing, measured_tables.TIMING), ""] if timing else []
    sensors = _section(measured_tables.telemetry(digest))
    return [*lines, *sensors, *markdown.sentences(measured_tables.telemetry_notes(digest))] if sensors else lines


def _section(table: Table | None) -> list[str]:
    return [f"### {table.title}", "", *markdown.table(table)] if table else []
