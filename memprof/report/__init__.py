"""The report: one frozen record of what an analysis found, and its JSON form, which is memprof's contract."""

from __future__ import annotations

from memprof.report.reading import SET_SCHEMA, dump_reports, load_reports
from memprof.report.record import (
    SCHEMA,
    Coverage,
    DeviceCeilings,
    Memory,
    OperatorRow,
    Report,
    ReportWarning,
    Totals,
    UnknownOperator,
    Workload,
)

__all__ = [
    "SCHEMA",
    "SET_SCHEMA",
    "Coverage",
    "DeviceCeilings",
    "Memory",
    "OperatorRow",
    "Report",
    "ReportWarning",
    "Totals",
    "UnknownOperator",
    "Workload",
    "dump_reports",
    "load_reports",
]
