"""The JSON writer of a trace held against a simulation.

Schema: memprof.trace-validation/1, its first. Errors are fractions (0.03 is 3 %), times seconds in a step; what is not
known is null.
"""

from __future__ import annotations

from typing import Any

import msgspec

from memprof.report.json_text import indented_json
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import TraceValidation, pass_errors

EXTENSION = "json"
SCHEMA = "memprof.trace-validation/1"


def render(validation: TraceValidation, options: RenderOptions) -> bytes:
    """Return passes, errors and what was left out as indented JSON in UTF-8."""
    record = {"schema": SCHEMA, **msgspec.to_builtins(validation)}
    record["cases"] = [{**msgspec.to_builtins(case), "ratio": case.ratio} for case in validation.cases]
    record["statistics"] = [_statistics(msgspec.to_builtins(group)) for group in pass_errors(validation.cases)]
    return indented_json(record)


def _statistics(group: dict[str, Any]) -> dict[str, Any]:
    return {**group, "kind": group["kind"] or None, "pass_name": group["pass_name"] or None}
