"""The page of a validation: predicted against measured images/s, errors by source and phase, every row."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.page import common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.write import write
from memprof.reports.validation import document, page_parts, write_json
from memprof.reports.validation.document import throughput
from memprof.reports.validation.page_parts import Dot
from memprof.reports.writer import RenderOptions
from memprof.validation.records import Case, Validation
from memprof.validation.statistics import case_errors, group_errors

EXTENSION = "html"


def render(validation: Validation, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    errors = case_errors(validation.cases)
    verdict, *notes = document.document(validation).sentences
    devices = list(dict.fromkeys(case.device for case in validation.predicted))
    sources = list(dict.fromkeys(case.source for case in validation.predicted))
    dots = [dot for case in validation.predicted for dot in _dots(case, several=len(devices) > 1)]
    skipped = validation.skipped
    return write(
        Page(
            window=f"Predictions against {validation.table.name}",
            verdict=verdict,
            figures=page_parts.figures(errors, "rows"),
            line=f"{validation.table.name}, on {words.enumerate_words(devices)}",
            assumed=common.assumed(
                (
                    ("Measured by", words.enumerate_words(sources), "as the file says; memprof measured none of it"),
                    ("Devices", words.enumerate_words(devices), "as the file says"),
                    ("Predicted", "with today's time model", "some of its constants were fitted on published rows"),
                )
            ),
            sections=(
                Section(
                    "plot",
                    "Plot",
                    "Predicted against measured images/s",
                    tuple(notes),
                    (
                        page_parts.plane(
                            dots, "images/s", f"{verdict} Predicted against measured images/s of each row."
                        ),
                    ),
                ),
                Section("errors", "Errors", "How far off, by source and phase", tables=(_errors(validation),)),
                Section("rows", "Rows", "Every row", tables=(_rows(validation, several=len(devices) > 1),)),
                *((_skipped(validation),) if skipped else ()),
            ),
            words=page_parts.WORDS,
            json=write_json.render(validation, options).decode(),
        )
    )


def _key(case: Case) -> str:
    return f"line {case.row.line}"


def _dots(case: Case, *, several: bool) -> list[Dot]:
    measured, predicted, ratio = case.measurement, case.prediction, case.ratio
    if measured is None or predicted is None or ratio is None:
        return []
    phase = words.phase(case.phase)
    rates = throughput(measured.images_per_second), throughput(predicted.images_per_second)
    told = (
        f"measured {rates[0]}, predicted {rates[1]} images/s",
        f"ratio {ratio:.3f}; bound by {words.short_bound(predicted.bound)}",
        f"{phase}, batch {measured.batch_size}, {measured.resolution} px, {case.device}",
    )
    series = f"{phase}, {case.device}" if several else phase
    return [Dot(series, case.model, measured.images_per_second, predicted.images_per_second, told, _key(case))]


def _errors(validation: Validation) -> Grid:
    columns = (
        Column("Rows of", number=False),
        Column("device", number=False, main=False),
        Column("phase", number=False),
        Column("apart", "What was measured apart: layout, stack.", number=False, main=False),
        Column("rows"),
        Column("mean\nerror", "The mean of |predicted / measured - 1|."),
        Column("without\nbias", "After every prediction was divided by the bias.", main=False),
        Column("90th\nperc.", "Nine rows in ten are off by no more.", main=False),
        Column("bias", "The median of predicted / measured."),
        Column("rank", "Spearman's rank correlation.", main=False),
        Column("skipped", main=False),
    )
    rows = tuple(
        Row(
            (
                group.source,
                group.device,
                words.phase(group.phase) if group.phase else "all",
                ", ".join(filter(None, (group.layout, group.stack))),
                Cell(f"{group.errors.count:,}", group.errors.count),
                page_parts.fraction(group.errors.mean_absolute_percentage_error),
                page_parts.fraction(group.errors.unbiased_mean_absolute_percentage_error),
                page_parts.fraction(group.errors.percentile_90_absolute_percentage_error),
                page_parts.number(group.errors.bias),
                page_parts.number(group.errors.spearman, 4),
                Cell(str(group.skipped), group.skipped),
            )
        )
        for group in group_errors(validation.cases)
    )
    return Grid("", columns, rows)


def _rows(validation: Validation, *, several: bool) -> Grid:
    columns = [
        Column("Model", number=False),
        Column("line", "Of the file.", main=False),
        Column("phase", number=False, facet=True),
        *([Column("device", number=False, main=False, facet=True)] if several else []),
        Column("batch", extra=True),
        Column("pixels", extra=True),
        Column("layout", number=False, extra=True),
        Column("measured", "Images per second."),
        Column("predicted", "Images per second."),
        Column("ratio", "Predicted / measured; the bar is full at twice or half."),
        Column("bound by", "What sets most of the predicted time.", number=False, main=False),
    ]
    rows = tuple(row for case in validation.predicted for row in _row(case, several=several))
    return Grid("", tuple(columns), rows)


def _row(case: Case, *, several: bool) -> list[Row]:
    measured, predicted, ratio = case.measurement, case.prediction, case.ratio
    if measured is None or predicted is None or ratio is None:
        return []
    cells: tuple[Cell | str, ...] = (
        case.model,
        Cell(str(case.row.line), case.row.line),
        case.phase,
        *([case.device] if several else []),
        Cell(str(measured.batch_size), measured.batch_size),
        Cell(str(measured.resolution), measured.resolution),
        predicted.layout,
        Cell(throughput(measured.images_per_second), measured.images_per_second),
        Cell(throughput(predicted.images_per_second), predicted.images_per_second),
        page_parts.off(ratio),
        words.short_bound(predicted.bound),
    )
    return [Row(cells, _key(case))]


def _skipped(validation: Validation) -> Section:
    columns = (Column("What", number=False), Column("line"), Column("why", number=False))
    rows = tuple(
        Row((case.model or common.ABSENT, Cell(str(case.row.line), case.row.line), case.skipped_because))
        for case in validation.skipped
    )
    title = f"Skipped: {units.count(len(rows))} row{'s' * (len(rows) != 1)}"
    return Section("skipped", "Skipped", title, tables=(Grid("", columns, rows),))
