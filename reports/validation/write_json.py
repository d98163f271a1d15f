"""The JSON writer of a validation.

Schema: memprof.validation/2. Version 2 adds what `memprof render` needs to write it again: the file's columns, and of
each row its cells, measurement and prediction as they are. Errors are fractions (0.03 is 3 %), times seconds; what is
not known is null.
"""

from __future__ import annotations

from typing import Any

import msgspec

from memprof.report.json_text import indented_json
from memprof.reports.writer import RenderOptions
from memprof.validation.records import Case, Validation
from memprof.validation.statistics import group_errors

EXTENSION = "json"
SCHEMA = "memprof.validation/2"


def render(validation: Validation, options: RenderOptions) -> bytes:
    """Return rows and errors as indented JSON in UTF-8."""
    groups = [msgspec.to_builtins(group) for group in group_errors(validation.cases)]
    statistics = [{**{key: group[key] for key in group if key != "errors"}, **group["errors"]} for group in groups]
    return indented_json(
        {
            "schema": SCHEMA,
            "file": validation.table.name,
            "columns": validation.table.columns,
            "notes": list(validation.notes),
            "rows": [_row(case) for case in validation.cases],
            "statistics": statistics,
        }
    )


def _row(case: Case) -> dict[str, Any]:
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
        "cells": case.row.cells,
        "defect": case.row.defect,
        "measurement": measured,
        "prediction": predicted,
    }
