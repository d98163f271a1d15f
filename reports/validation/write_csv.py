"""The CSV writer of a validation: the file's columns, and what is predicted beside them."""

from __future__ import annotations

from memprof.reports.validation.columns import add_columns
from memprof.reports.writer import RenderOptions
from memprof.validation.records import Case, Validation

EXTENSION = "csv"
ADDED = ("predicted_images_per_second", "ratio", "roofline_images_per_second", "bound", "skipped_because")


def render(validation: Validation, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8, a line for each of the file's rows."""
    return add_columns(validation.table, ADDED, [(case.row, _figures(case)) for case in validation.cases])


def _figures(case: Case) -> tuple[object, ...]:
    predicted = case.prediction
    if predicted is None:
        return (None, None, None, None, case.skipped_because)
    rates = predicted.images_per_second, case.ratio, predicted.roofline_images_per_second
    return (*rates, predicted.bound, case.skipped_because)
