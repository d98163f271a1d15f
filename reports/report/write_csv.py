"""The CSV writer: every operator of every report as one row."""

from __future__ import annotations

from collections.abc import Sequence

import pandas

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.run import KernelRow
from memprof.report.showing import plain_table
from memprof.reports.parts.harmless import csv_cell
from memprof.reports.writer import RenderOptions

_MEASURED = (
    "measured_seconds",
    "percent_of_roof",
    "kernels",
    "counted_dram_bytes",
    "counted_l2_bytes",
    "counted_l1_bytes",
    "inferred",
)
"""Columns that only measured reports fill."""


EXTENSION = "csv"


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return CSV in UTF-8 with one header row; shapes are written like "128x96x56x56, 96x1x7x7".

    What was measured has columns where something was; kernels are written like "gemm_128x64 x12; add_kernel x3".
    """
    tables = []
    for digest in digests:
        table = plain_table(digest.report.operators)
        table["input_shapes"] = [units.shapes(row.input_shapes) for row in digest.report.operators]
        table["input_layouts"] = [", ".join(row.input_layouts) for row in digest.report.operators]
        table["kernels"] = ["; ".join(map(_kernel, row.kernels)) for row in digest.report.operators]
        table.insert(0, "model", digest.label)
        tables.append(table)
    whole = pandas.concat(tables)
    if not any(digest.is_measured for digest in digests):
        whole = whole.drop(columns=list(_MEASURED))
    for name in whole.select_dtypes(exclude=["number", "bool"]):
        whole[name] = whole[name].map(csv_cell)
    text: str = whole.to_csv(index=False, lineterminator="\n")
    return text.encode()


def _kernel(row: KernelRow) -> str:
    return f"{words.kernel(row.name)} x{row.calls}"
