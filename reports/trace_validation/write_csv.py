"""The CSV writer of a trace held against a simulation: a line for each pass, and for what was left out."""

from __future__ import annotations

from memprof import units
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import LeftOut, PassCase, TraceValidation

EXTENSION = "csv"
_COLUMNS = (
    "operator",
    "kind",
    "pass_name",
    "module",
    "shapes",
    "measured_milliseconds",
    "predicted_milliseconds",
    "ratio",
    "roofline_milliseconds",
    "bound",
    "kernels",
    "left_out_because",
)


def render(validation: TraceValidation, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8, passes in the order of the step, then what was left out; times are of one step."""
    rows = [*map(_pass_row, validation.cases), *map(_left_out_row, validation.left_out)]
    return csv_text(_COLUMNS, rows).encode()


def _pass_row(case: PassCase) -> tuple[object, ...]:
    return (
        case.operator,
        case.kind,
        case.pass_name,
        case.module,
        units.shapes(case.shapes),
        case.measured_seconds * 1e3,
        case.predicted_seconds * 1e3,
        case.ratio,
        case.roofline_seconds * 1e3,
        case.bound,
        "; ".join(case.kernels),
        "",
    )


def _left_out_row(item: LeftOut) -> tuple[object, ...]:
    times = item.measured_seconds * 1e3, item.predicted_seconds * 1e3
    return (item.operator, "", item.phase, "", units.shapes(item.shapes), *times, None, None, "", "", item.reason)
