"""The CSV writer: every operator of every report as one row."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import summary, units
from memprof.report import Report
from memprof.reports.writer import RenderOptions


class CsvWriter:
    """Writes the operators as a table; columns are named as in the JSON report, after the model's."""

    name = "csv"
    extension = "csv"

    def render(self, reports: Sequence[Report], options: RenderOptions) -> bytes:
        """Return CSV in UTF-8 with one header row; shapes are written like "128x96x56x56, 96x1x7x7"."""
        import pandas

        tables = []
        for label, report in zip(summary.labels(reports), reports, strict=True):
            table = report.to_pandas()
            table["input_shapes"] = [units.shapes(row.input_shapes) for row in report.operators]
            table.insert(0, "model", label)
            tables.append(table)
        text: str = pandas.concat(tables).to_csv(index=False, lineterminator="\n")
        return text.encode()
