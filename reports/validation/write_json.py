"""A validation for other programs: JSON, and the input's CSV with columns added.

Schemas: memprof.validation/1 and memprof.kernel-validation/1, their first. Errors are fractions (0.03 is 3 %), times
seconds; what is not known is null.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from memprof.report.json_text import indented_json
from memprof.validation.kernels import KernelValidation, operator_errors
from memprof.validation.records import Case, Validation
from memprof.validation.statistics import group_errors
from memprof.validation.tables import Row, Table

SCHEMA = "memprof.validation/1"
KERNEL_SCHEMA = "memprof.kernel-validation/1"
ADDED = ("predicted_images_per_second", "ratio", "roofline_images_per_second", "bound", "skipped_because")
KERNEL_ADDED = ("predicted_milliseconds", "ratio", "roofline_milliseconds", "bound", "skipped_because")
_PER_SECOND = 1e3


def to_json(validation: Validation) -> bytes:
    """Return rows and errors as indented JSON, ending in a newline."""
    groups = [msgspec.to_builtins(group) for group in group_errors(validation.cases)]
    statistics = [{**{key: group[key] for key in group if key != "errors"}, **group["errors"]} for group in groups]
    return indented_json(
        {
            "schema": SCHEMA,
            "file": validation.table.name,
            "notes": list(validation.notes),
            "rows": [_json_row(case) for case in validation.cases],
            "statistics": statistics,
        }
    )


def _json_row(case: Case) -> dict[str, Any]:
    measured, predicted = case.measurement, case.prediction
    return {
        "line": case.row.line,
        "source": case.source,
        "device": case.device,
        "stack": case.stack,
        "layout": case.layout,
        "phase": case.phase,
        "model": case.model,
        "memprof_model": measured.model if measured else None,
        "precision": measured.precision if measured else None,
        "batch_size": measured.batch_size if measured else None,
        "resolution": measured.resolution if measured else None,
        "measured_images_per_second": measured.images_per_second if measured else None,
        "predicted_images_per_second": predicted.images_per_second if predicted else None,
        "predicted_layout": predicted.layout if predicted else None,
        "ratio": case.ratio,
        "roofline_images_per_second": predicted.roofline_images_per_second if predicted else None,
        "bound": predicted.bound if predicted else None,
        "skipped_because": case.skipped_because or None,
    }


def to_csv(validation: Validation) -> bytes:
    """Return the file's columns and those of `ADDED`, a line for each of its rows."""
    added = []
    for case in validation.cases:
        found = case.prediction
        figures = (found.images_per_second, case.ratio, found.roofline_images_per_second, found.bound) if found else ()
        added.append((case.row, (*(figures or [None] * 4), case.skipped_because)))
    return _csv(validation.table, ADDED, added)


def kernels_to_json(validation: KernelValidation) -> bytes:
    """Return kernels and errors as indented JSON, ending in a newline."""
    rows = [
        {
            "line": case.row.line,
            "operator": case.operator,
            "device": case.device,
            "input_shapes": case.shapes,
            "measured_seconds": case.measured_seconds,
            "predicted_seconds": case.predicted_seconds,
            "ratio": case.ratio,
            "roofline_seconds": case.roofline_seconds,
            "bound": case.bound or None,
            "skipped_because": case.skipped_because or None,
        }
        for case in validation.cases
    ]
    return indented_json(
        {
            "schema": KERNEL_SCHEMA,
            "file": validation.table.name,
            "rows": rows,
            "statistics": [msgspec.to_builtins(item) for item in operator_errors(validation.cases)],
        }
    )


def kernels_to_csv(validation: KernelValidation) -> bytes:
    """Return the file's columns and those of `KERNEL_ADDED`, a line for each of its rows."""
    added = []
    for case in validation.cases:
        times = [
            None if value is None else value * _PER_SECOND for value in (case.predicted_seconds, case.roofline_seconds)
        ]
        added.append((case.row, (times[0], case.ratio, times[1], case.bound, case.skipped_because)))
    return _csv(validation.table, KERNEL_ADDED, added)


def _csv(table: Table, added: Sequence[str], rows: Iterable[tuple[Row, Sequence[object]]]) -> bytes:
    """Write the table with columns added; columns of these names that it has already are replaced."""
    kept = [place for place, column in enumerate(table.columns) if column not in added]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*(table.columns[place] for place in kept), *added])
    for row, values in rows:
        cells = [*row.cells, *[""] * len(table.columns)]
        writer.writerow([*(cells[place] for place in kept), *("" if value is None else value for value in values)])
    return buffer.getvalue().encode()
