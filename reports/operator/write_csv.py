"""The CSV writer of an operator's study: a row for each setting and pass, in base units."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions
from memprof.whatif.operators import Study

EXTENSION = "csv"
_PASS = (
    "seconds",
    "roofline_seconds",
    "measured_seconds",
    "flops",
    "dram_bytes",
    "l2_bytes",
    "l1_bytes",
    "launches",
    "bound",
)


def render(study: Study, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8; a parameter that the operator does not take has no column."""
    names = [name for name, _ in study.points[0].values]
    columns = (
        *("operator", "variant", "device", "precision", "layout"),
        *names,
        *("parameters", "receptive_field", "pass", *_PASS, "measured_on"),
    )
    rows = [
        [
            study.operator,
            point.variant,
            study.device_name,
            study.precision,
            study.layout,
            *(point.value(name) for name in names),
            point.parameters,
            point.receptive_field,
            what,
            *(getattr(item, name) for name in _PASS),
            study.measured_on if item.measured_seconds is not None else "",
        ]
        for point in study.points
        for what, item in (("forward", point.forward), ("backward", point.backward))
        if item.bound
    ]
    return csv_text(columns, rows).encode()
