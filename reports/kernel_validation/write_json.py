"""The JSON writer of a validation of kernels.

Schema: memprof.kernel-validation/3. Version 2 added pass_name, dtype and algorithm to rows and statistics, version 3
the file's columns and each row's cells, so that `memprof render` can write it again. Errors are fractions (0.03 is 3
%), times seconds; what is not known is null.
"""

from __future__ import annotations

from typing import Any

import msgspec

from memprof.report.json_text import indented_json
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelValidation, OperatorErrors, operator_errors

EXTENSION = "json"
SCHEMA = "memprof.kernel-validation/3"


def render(validation: KernelValidation, options: RenderOptions) -> bytes:
    """Return kernels and errors as indented JSON in UTF-8."""
    rows = [
        {
            "line": case.row.line,
            "operator": case.operator,
            "pass_name": case.pass_name or None,
            "dtype": case.dtype or None,
            "algorithm": case.algorithm or None,
            "device": case.device,
            "input_shapes": case.shapes,
            "measured_seconds": case.measured_seconds,
            "predicted_seconds": case.predicted_seconds,
            "ratio": case.ratio,
            "roofline_seconds": case.roofline_seconds,
            "bound": case.bound or None,
            "skipped_because": case.skipped_because or None,
            "cells": case.row.cells,
            "defect": case.row.defect,
        }
        for case in validation.cases
    ]
    return indented_json(
        {
            "schema": SCHEMA,
            "file": validation.table.name,
            "columns": validation.table.columns,
            "rows": rows,
            "statistics": [_statistics(item) for item in operator_errors(validation.cases)],
        }
    )


def _statistics(item: OperatorErrors) -> dict[str, Any]:
    names = {name: getattr(item, name) or None for name in ("pass_name", "dtype", "algorithm")}
    return {**msgspec.to_builtins(item), **names}
