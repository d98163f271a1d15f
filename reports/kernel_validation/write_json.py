"""The JSON writer of a validation of kernels.

Schema: memprof.kernel-validation/1, its first. Errors are fractions (0.03 is 3 %), times seconds; what is not
known is null.
"""

from __future__ import annotations

import msgspec

from memprof.report.json_text import indented_json
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import KernelValidation, operator_errors

EXTENSION = "json"
SCHEMA = "memprof.kernel-validation/1"


def render(validation: KernelValidation, options: RenderOptions) -> bytes:
    """Return kernels and errors as indented JSON in UTF-8."""
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
            "schema": SCHEMA,
            "file": validation.table.name,
            "rows": rows,
            "statistics": [msgspec.to_builtins(item) for item in operator_errors(validation.cases)],
        }
    )
