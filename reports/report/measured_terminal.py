"""Lays out for a terminal what only a measured report has."""

from __future__ import annotations

from rich.console import Console

from memprof.findings import reached
from memprof.report.digest import Digest
from memprof.reports.parts import typeset
from memprof.reports.parts.grids import print_facts, print_pieces, print_table
from memprof.reports.parts.tables import Table
from memprof.reports.report import measured_tables

_FEW = 5


def mark(console: Console, digest: Digest) -> None:
    """Say plainly that the device was throttled, where it was."""
    throttled = reached.throttling(digest)
    if throttled:
        typeset.line(console, f"! {throttled}", typeset.WARNING)
        console.print()


def device(console: Console, digest: Digest) -> None:
    """Print where the device's time went: busy, idle, communication, gaps, and what belongs to no operator."""
    _section(console, measured_tables.device_time(digest))
    if _section(console, measured_tables.gaps(digest)):
        typeset.note(console, measured_tables.GAP_NOTE)
    _section(console, measured_tables.strays(digest))


def details(console: Console, digest: Digest, *, top: int) -> None:
    """Print counted traffic, how the steps were timed, and what the device's sensors said."""
    traffic = measured_tables.traffic(digest, min(_FEW, top))
    if traffic is not None:
        typeset.section(console, traffic.title)
        print_pieces(console, traffic, measured_tables.TRAFFIC_GROUPS)
    timing = measured_tables.timing(digest)
    if timing:
        typeset.section(console, measured_tables.TIMING)
        print_facts(console, timing)
    if _section(console, measured_tables.telemetry(digest)):
        for note in measured_tables.telemetry_notes(digest):
            typeset.note(console, note)


def _section(console: Console, table: Table | None) -> bool:
    if table is None:
        return False
    typeset.section(console, table.title)
    print_table(console, table)
    return True
