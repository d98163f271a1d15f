"""The CSV writer of a validation of kernels: the file's columns, and what is predicted beside them."""

from __future__ import annotations

from memprof.reports.validation.columns import add_columns
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelCase, KernelValidation

EXTENSION = "csv"
ADDED = ("predicted_milliseconds", "ratio", "roofline_milliseconds", "bound", "skipped_because")


def render(validation: KernelValidation, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8, a line for each of the file's rows."""
    return add_columns(validation.table, ADDED, [(case.row, _figures(case)) for case in validation.cases])


def _figures(case: KernelCase) -> tuple[object, ...]:
    predicted, least = (_milliseconds(seconds) for seconds in (case.predicted_seconds, case.roofline_seconds))
    return (predicted, case.ratio, least, case.bound, case.skipped_because)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3
