"""The HTML writer of an answer: a table with filters, and where it has throughputs, a plot of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from memprof import units
from memprof.reports.answer.tables import cell, is_number, narrowed
from memprof.reports.answer.write_json import render as render_json
from memprof.reports.charts.records import Axis, Mark, Plot, Series
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions
from memprof.sweeps.answers import Answer

EXTENSION = "html"
_MOST_ROWS, _MOST_MARKS, _MOST_SERIES, _MOST_CHOICES = 5_000, 1_500, 8, 24
_ALWAYS = ("model", "device", "images_per_second")
"""Columns that a phone shows at once."""
_PATHS = ("model", "device")
_REASON = "failed_because"
_SPEED, _TIME, _DEVICE = "images_per_second", "seconds", "device"
_MEANINGS = {
    "images_per_second": "Predicted.",
    "seconds": "Of a step, predicted.",
    "roofline_seconds": "The least the device could need.",
    "peak_bytes": "What the step needs when it needs most.",
    "bound": "What binds most of the predicted time.",
    "relative_error": "How far such a prediction is typically off.",
    "failed_because": "Why there are no figures.",
}


def render(answer: Answer, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    shown = answer.rows[:_MOST_ROWS]
    left = len(answer.rows) - len(shown)
    notes = [f"{left:,} more rows: ask for fewer, such as those of one device."] if left else []
    plot = _plot(answer, shown)
    page = Page(
        window=answer.title or "Results of a sweep",
        verdict=answer.title or f"{len(answer.rows):,} rows of a sweep's results",
        figures=tuple(_figures(answer)),
        line="predicted by memprof, not measured",
        assumed=(),
        sections=(
            Section(
                "results",
                "Results",
                "Results",
                charts=(plot,) if plot else (),
                tables=(_grid(answer, shown),),
                notes=(*narrowed(answer)[1], *notes, *answer.notes),
            ),
        ),
        words=(common.PREDICTED,),
        json=render_json(answer, options).decode(),
    )
    return write(page)


def _values(answer: Answer, name: str) -> list[Any]:
    if name not in answer.columns:
        return []
    place = answer.columns.index(name)
    return [row[place] for row in answer.rows if row[place] is not None]


def _figures(answer: Answer) -> Iterable[Figure]:
    for name, words in (("model", "models"), (_DEVICE, "devices")):
        values = set(_values(answer, name))
        if values:
            yield Figure(words.capitalize(), f"{len(values):,}", f"{words} in these results")
    failed = len(_values(answer, _REASON))
    if failed:
        yield Figure("Without a figure", f"{failed:,}", "rows; failed_because says why")


def _grid(answer: Answer, rows: tuple[tuple[Any, ...], ...]) -> Grid:
    kept, _ = narrowed(answer)
    facets = {place: _is_facet(answer, place) for place in kept}
    columns = tuple(
        Column(
            name.replace("_", " "),
            _MEANINGS.get(name, ""),
            number=is_number(answer, place) and not facets[place],
            main=name in _ALWAYS or len(kept) <= len(_ALWAYS),
            path=name in _PATHS,
            facet=facets[place],
        )
        for place in kept
        for name in (answer.columns[place],)
    )
    lines = tuple(
        Row(tuple(_cell(answer.columns[place], row[place]) for place in kept), key=str(index))
        for index, row in enumerate(rows)
    )
    speed = answer.columns.index(_SPEED) if _SPEED in answer.columns and not answer.title else None
    return Grid("Rows", columns, lines, sort=kept.index(speed) if speed in kept else None)


def _is_facet(answer: Answer, place: int) -> bool:
    """Tell whether the values of a column are few names or settings, to choose from."""
    values = {row[place] for row in answer.rows}
    if answer.columns[place] == _REASON:
        return False
    whole = all(isinstance(value, (str, int)) for value in values if value is not None)
    return 1 < len(values) <= _MOST_CHOICES and whole and len(values) < max(2, len(answer.rows))


def _cell(name: str, value: Any) -> Cell:
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return Cell(cell(name, value), number if number is None or math.isfinite(number) else None)


def _plot(answer: Answer, rows: tuple[tuple[Any, ...], ...]) -> Plot | None:
    """Draw throughput over the time of a step, each device in a colour; None where the answer has not both."""
    if not {_SPEED, _TIME} <= set(answer.columns):
        return None
    places = {name: answer.columns.index(name) for name in answer.columns}
    marks: dict[str, list[Mark]] = {}
    for index, row in enumerate(rows[:_MOST_MARKS]):
        speed, seconds = row[places[_SPEED]], row[places[_TIME]]
        if not speed or not seconds:
            continue
        words = [str(row[places[name]]) for name in ("model", _DEVICE, "precision") if name in places]
        batch = [f"batch {row[places['batch_size']]}"] if "batch_size" in places else []
        remarks = (*batch, f"{units.images_per_second(speed)} images/s", f"{units.seconds(seconds)} a step")
        device = str(row[places[_DEVICE]]) if _DEVICE in places else ""
        marks.setdefault(device, []).append(Mark(seconds, speed, ", ".join(words) or "row", remarks, key=str(index)))
    if not marks:
        return None
    several = len(marks) <= _MOST_SERIES
    series = tuple(
        Series(name if several else "", colors.series_class(place if several else 0), tuple(found))
        for place, (name, found) in enumerate(marks.items())
    )
    return Plot(
        "Predicted images per second over the seconds of a step",
        Axis("a step, predicted", log=True, text=units.seconds),
        Axis("images/s, predicted", log=True),
        series,
        title="Throughput and latency",
        caption=f"The first {_MOST_MARKS:,} rows." if len(rows) > _MOST_MARKS else "",
    )
