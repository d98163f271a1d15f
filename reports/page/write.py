"""Writes a `Page` as HTML: one file without a request to anywhere; its scripts sort, search, mark, keep the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from jinja2 import Environment
from markupsafe import Markup

from memprof.reports.charts import layout
from memprof.reports.charts.records import Bars, Chart, Plot
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.frame import frame
from memprof.reports.parts import pages
from memprof.reports.parts.harmless import json_escapes, show_hidden

MOST_ROWS = 200
"""How many rows of a table show where no script runs; with one, a reader can ask for all."""
_ENTRY = "document"


def write(page: Page) -> bytes:
    """Return the page in UTF-8."""
    grids = [table for section in page.sections for table in section.tables if isinstance(table, Grid)]
    text = (
        _environment()
        .get_template("document.html")
        .render(
            page=page,
            frame=frame(_ENTRY),
            contents=[(section.anchor, section.name) for section in page.sections if section.name],
            drawn=_drawn,
            number_of=lambda grid: next(place for place, item in enumerate(grids) if item is grid),
            is_grid=lambda table: isinstance(table, Grid),
            as_cell=as_cell,
            classes=classes,
            most_rows=MOST_ROWS,
            has_charts=_has_marks,
            data=embed(show_hidden(msgspec.json.encode({"tables": [_table(grid) for grid in grids]}).decode())),
            embedded=embed(msgspec.json.format(page.json, indent=-1)) if page.json else "",
        )
    )
    return text.encode()


def embed(text: str) -> Markup:
    """Return JSON that may stand inside a script element: no character in it can end the element."""
    return Markup(json_escapes(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def as_cell(cell: Cell | str) -> Cell:
    """Return a cell of what a row holds."""
    return Cell(cell) if isinstance(cell, str) else cell


def classes(column: Column) -> str:
    """Return the classes of a column's cells: numbers, paths, what waits for a reader to ask for it."""
    names = {"n": column.number, "path": column.path, "wide": not column.main, "extra": column.extra}
    return " ".join(name for name, is_so in names.items() if is_so)


@dataclass(frozen=True, slots=True)
class _Drawn:
    kind: str
    layout: Any


def _drawn(chart: Chart) -> _Drawn:
    if isinstance(chart, Plot):
        return _Drawn("plot", layout.plane(chart))
    if isinstance(chart, Bars):
        return _Drawn("bars", layout.stack(chart))
    return _Drawn("raw", Markup(chart.svg))


def _with_remarks(name: str, remarks: Sequence[str]) -> str:
    """Return what a mark says, a line for its name and for each remark, whatever breaks names hold."""
    return "\n".join(" ".join(line.split()) for line in (name, *remarks))


def _has_marks(section: Section) -> bool:
    return any(isinstance(chart, Plot | Bars) for chart in section.charts)


def _table(grid: Grid) -> dict[str, Any]:
    """Return what the scripts need of a table: columns, and of each row its key and cells, plain ones as their text."""
    columns = [
        {"header": column.header, "classes": classes(column), "number": column.number, "facet": column.facet}
        for column in grid.columns
    ]
    return {
        "title": grid.title,
        "columns": columns,
        "sort": None if grid.sort is None else f"{'-' if grid.falling else ''}{grid.sort}",
        "rows": [_row(row) for row in grid.rows],
    }


def _row(row: Row) -> list[Any]:
    return [row.key, *(_cell(as_cell(cell)) for cell in row.cells)]


def _cell(cell: Cell) -> Any:
    rest = (cell.value, cell.share, cell.color, cell.link)
    return cell.text if rest == (None, None, "", "") else [cell.text, *rest]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = pages.environment()
    environment.filters["pct"] = lambda value: f"{value:.2f}%"
    environment.filters["with_remarks"] = _with_remarks
    return environment
