"""The CSV writer of a reproduction: a row for each quantity of each row of each table, in base units."""

from __future__ import annotations

from collections.abc import Iterator

from memprof.papers.reproduction import Figure, Reproduction, Result, ResultTable
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions

EXTENSION = "csv"
_COLUMNS = (
    "table",
    "label",
    "model",
    "resolution",
    "quantity",
    "condition",
    "phase",
    "published",
    "computed",
    "difference",
    "layout",
    "relative_error",
)


def render(reproduction: Reproduction, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    rows = [row for table in reproduction.tables for result in table.results for row in _rows(table, result)]
    return csv_text(_COLUMNS, rows).encode()


def _rows(table: ResultTable, result: Result) -> Iterator[list[object]]:
    own = [table.name, result.label, result.model, result.resolution]
    yield [*own, "parameters", "", "", *_figure(result.parameters), "", None]
    yield [*own, "macs_per_image", "", "", *_figure(result.macs_per_image), "", None]
    if result.accuracy is not None:
        yield [*own, f"{table.quality} percent", "", "", result.accuracy, None, None, "", None]
    for item in result.throughputs:
        figures = _figure(item.images_per_second)
        yield [*own, "images_per_second", item.condition, item.phase, *figures, item.layout, item.relative_error]


def _figure(figure: Figure) -> tuple[float | None, float | None, float | None]:
    return figure.published, figure.computed, figure.difference
