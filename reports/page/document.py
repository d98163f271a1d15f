"""A page of any document: what it says first, its sections with charts and tables, and the document inside it.

A writer fills `Page` from its document and returns `write(page)`. Names are text wherever they stand; colours are
classes (`memprof.reports.page.colors`); what is chosen in a chart is chosen in the tables whose rows have the same key.
"""

from __future__ import annotations

from dataclasses import dataclass

from memprof.reports.charts.records import Chart
from memprof.reports.page.first import Figure
from memprof.reports.parts.tables import Fact, Table


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and what it is sorted by and stands for in a file, the text itself where there is no value.

    `share`, of 1, makes a bar in it, of the class `color`; a colour without a share makes a dot. `link` is a file
    beside the page, or below its folder.
    """

    text: str
    value: float | None = None
    share: float | None = None
    color: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, what that means, and how its cells are shown.

    Those of a `number` are aligned right and sorted by value, largest first. One that is not `main` waits on a phone
    until a reader asks for all columns, an `extra` one everywhere. The values of a `facet` are buttons that narrow the
    table.
    """

    header: str
    meaning: str = ""
    number: bool = True
    main: bool = True
    path: bool = False
    facet: bool = False
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, text or `Cell`; rows and marks of charts with the same `key` are chosen together. "" cannot be chosen."""

    cells: tuple[Cell | str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that sorts, is searched and becomes a file; the first column names its rows.

    `sort` is the column that it is sorted by at first, from 0, `falling` from the largest; None leaves it as it is.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sort: int | None = None
    falling: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with an anchor and a name in the contents; the first one's chart is on the first screen."""

    anchor: str
    name: str
    title: str
    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Grid | Table, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Everything of a page.

    `window` is the title of the browser's window, `verdict` the answer in a sentence, `figures` at most three of them,
    `assumed` what they hold for, of which `line` is what shows before it unfolds. `words` are explained at the end.
    `json` is the document itself, "" for none.
    """

    window: str
    verdict: str
    figures: tuple[Figure, ...]
    line: str
    assumed: tuple[Fact, ...]
    sections: tuple[Section, ...]
    words: tuple[tuple[str, str], ...] = ()
    json: str = ""
