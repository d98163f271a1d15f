"""What a set of traces says, as a document of tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from memprof import units
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table
from memprof.sweeps.trace_history import TraceHistory

_MOST = 20
"""Rows of a table; the set has all."""


def document(history: TraceHistory) -> Document:
    """Return the document."""
    sections = (_changes(history), _outliers(history), _workloads(history), _unread(history))
    return Document(
        f"{history.traces:,} traces of {_counted(len(history.workloads), 'workload')}",
        tuple(_sentences(history)),
        tuple(section for section in sections if section.table.rows),
    )


def _sentences(history: TraceHistory) -> list[str]:
    changed = {(change.workload, change.device) for change in history.changes}
    said = [f"{_counted(len(changed), 'workload')} changed over time.", f"Outliers: {len(history.outliers) or 'none'}."]
    return said + ([f"Nothing came of {_counted(len(history.unread), 'file')}."] if history.unread else [])


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else f"No {noun}"


def _workloads(history: TraceHistory) -> Section:
    columns = _columns("workload", "device", "phase", "precision") + _numbers(
        "batch", "traces", "median\nof a step", "least", "most", "operators\npredicted"
    )
    rows = [
        (
            *(one.workload, one.device, one.phase, one.precision, str(one.batch_size or "")),
            *(str(one.traces), *map(units.seconds, (one.median_seconds, one.least_seconds, one.most_seconds))),
            units.seconds(one.predicted_seconds) if one.predicted_seconds is not None else "",
        )
        for one in history.workloads
    ]
    note = "A workload is the operators of a step with their shapes. Those that take most of the time come first."
    return _section("Workloads", columns, rows, note)


def _changes(history: TraceHistory) -> Section:
    columns = (
        *_columns("workload", "device", "since"),
        *_numbers("before", "after", "ratio"),
        Column("most of it", number=False, wraps=True),
    )
    rows = [
        (
            *(one.workload, one.device, _day(one.since)),
            f"{units.seconds(one.before_seconds)} ({one.before})",
            f"{units.seconds(one.after_seconds)} ({one.after})",
            units.ratio(one.after_seconds / one.before_seconds),
            one.because,
        )
        for one in history.changes
    ]
    return _section(
        "What changed",
        columns,
        rows,
        "Medians of a step, in brackets of how many traces. The JSON names the first trace of each change.",
    )


def _outliers(history: TraceHistory) -> Section:
    columns = (
        Column("trace", number=False, path=True),
        *_columns("workload", "device"),
        *_numbers("a step", "usual", "ratio"),
        Column("most of it", number=False, wraps=True),
    )
    rows = [
        (
            *(one.file, one.workload, one.device, units.seconds(one.seconds), units.seconds(one.usual_seconds)),
            *(units.ratio(one.seconds / one.usual_seconds), one.because),
        )
        for one in history.outliers
    ]
    return _section("Outliers", columns, rows, "")


def _unread(history: TraceHistory) -> Section:
    columns = Column("file", number=False, path=True), Column("why", number=False, wraps=True)
    return _section("Nothing from these", columns, history.unread, "")


def _section(title: str, columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], note: str) -> Section:
    listed = tuple(rows)
    notes = [note] if note else []
    if len(listed) > _MOST:
        notes.append(f"{len(listed) - _MOST} more are in the JSON.")
    return Section(Table(title, columns, listed[:_MOST]), tuple(notes))


def _columns(*headers: str) -> tuple[Column, ...]:
    return tuple(Column(header, number=False) for header in headers)


def _numbers(*headers: str) -> tuple[Column, ...]:
    return tuple(Column(header) for header in headers)


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
