"""Lays out for a terminal what only a measured report has."""

from __future__ import annotations

from rich.console import Console

from memprof.findings import lost
from memprof.report.record import Report
from memprof.reports.parts import typeset
from memprof.reports.parts.grids import print_facts, print_pieces, print_table
from memprof.reports.parts.tables import Table
from memprof.reports.report import measured_tables

_FEW = 5


def mark(console: Console, report: Report) -> None:
    """Say plainly that the device was throttled, where it was."""
    throttled = lost.throttled(report)
    if throttled:
        typeset.line(console, f"! {throttled}", typeset.WARNING)
        console.print()


def device(console: Console, report: Report) -> None:
    """Print where the device's time went: busy, idle, communication, gaps, and what belongs to no operator."""
    _section(console, measured_tables.device_time(report))
    if _section(console, measured_tables.gaps(report)):
        typeset.note(console, measured_tables.GAP_NOTE)
    _section(console, measured_tables.strays(report))


def details(console: Console, report: Report, *, top: int) -> None:
    """Print counted traffic, how the steps were timed, and what the device's sensors said."""
    traffic = measured_tables.traffic(report, min(_FEW, top))
    if traffic is not None:
        typeset.section(console, traffic.title)
        print_pieces(console, traffic, measured_tables.TRAFFIC_GROUPS)
    timing = measured_tables.timing(report)
    if timing:
        typeset.section(console, measured_tables.TIMING)
        print_facts(console, timing)
    if _section(console, measured_tables.telemetry(report)):
        for note in measured_tables.telemetry_notes(report):
            typeset.note(console, note)


def _section(console: Console, table: Table | None) -> bool:
    if table is None:
        return False
    typeset.section(console, table.title)
    print_table(console, table)
    return True
