"""The page of a validation of kernels: predicted against measured latency, errors by operator, every kernel."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.kernel_validation import document, write_json
from memprof.reports.page import common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.write import write
from memprof.reports.validation import page_parts
from memprof.reports.validation.document import percent
from memprof.reports.validation.page_parts import Dot
from memprof.reports.writer import RenderOptions
from memprof.validation.kernels import LONG_SECONDS, KernelCase, KernelValidation, operator_errors
from memprof.validation.statistics import errors

EXTENSION = "html"
_LONG = f"{LONG_SECONDS * 1e6:.0f} µs"


def render(validation: KernelValidation, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    kept = [case for case in validation.predicted if case.predicted_seconds and case.measured_seconds]
    whole = errors([case.predicted_seconds or 0.0 for case in kept], [case.measured_seconds or 0.0 for case in kept])
    count, note = document.document(validation).sentences
    devices = list(dict.fromkeys(case.device for case in kept))
    verdict = f"{count} Half of them are off by no more than {percent(whole.median_absolute_percentage_error)}."
    dots = [_dot(case) for case in kept]
    sections = [
        Section(
            "plot",
            "Plot",
            "Predicted against measured latency",
            charts=(page_parts.plane(dots, "latency in ms", f"{verdict} Each mark is a kernel."),),
            notes=(note,),
        ),
        Section(
            "errors",
            "Errors",
            "How far off, by operator",
            tables=(_errors(validation),),
            notes=(document.ERRORS_NOTE,),
        ),
        Section("rows", "Rows", "Every kernel", tables=(_rows(kept),)),
    ]
    if validation.skipped:
        sections.append(_skipped(validation))
    return write(
        Page(
            window=f"Kernels against {validation.table.name}",
            verdict=verdict,
            figures=page_parts.figures(whole, "kernels"),
            line=f"{validation.table.name}, on {words.enumerate_words(devices)}",
            assumed=common.assumed(
                (
                    ("Measured", validation.table.name, "as the file says; memprof measured none of it"),
                    ("Devices", words.enumerate_words(devices), "as the file says"),
                )
            ),
            sections=tuple(sections),
            words=page_parts.WORDS,
            json=write_json.render(validation, options).decode(),
        )
    )


def _key(case: KernelCase) -> str:
    return f"line {case.row.line}"


def _dot(case: KernelCase) -> Dot:
    measured, predicted = case.measured_seconds or 0.0, case.predicted_seconds or 0.0
    told = (
        units.shapes(case.shapes),
        f"measured {units.seconds(measured)}, predicted {units.seconds(predicted)}",
        f"bound by {words.short_bound(case.bound)}; {case.device}",
    )
    return Dot(case.label, case.label, 1e3 * measured, 1e3 * predicted, told, _key(case))


def _errors(validation: KernelValidation) -> Grid:
    columns = (
        Column("Operator", number=False),
        Column("device", number=False, main=False),
        Column("algorithm", "What the library ran them by.", number=False, main=False),
        Column("rows"),
        Column("median\nerror", "Half of the rows are off by no more."),
        Column("mean\nerror", "The mean of |predicted / measured - 1|.", main=False),
        Column(f"rows\nabove {_LONG}", "Much of a shorter latency is launching.", main=False),
        Column("median error\nof these"),
        Column("bias\nof these", "The median of predicted / measured.", main=False),
    )
    rows = tuple(
        Row(
            (
                ", ".join(filter(None, (item.operator, item.pass_name, item.dtype))),
                item.device,
                item.algorithm,
                Cell(f"{item.errors.count:,}", item.errors.count),
                page_parts.fraction(item.errors.median_absolute_percentage_error),
                page_parts.fraction(item.errors.mean_absolute_percentage_error),
                Cell(f"{item.long.count:,}", item.long.count),
                page_parts.fraction(item.long.median_absolute_percentage_error),
                page_parts.number(item.long.bias),
            )
        )
        for item in operator_errors(validation.cases)
    )
    return Grid("", columns, rows)


def _rows(cases: list[KernelCase]) -> Grid:
    columns = (
        Column("Kernel", number=False),
        Column("line", "Of the file.", main=False),
        Column("inputs", number=False, main=False, path=True),
        Column("device", number=False, extra=True),
        Column("algorithm", number=False, extra=True),
        Column("measured\nms"),
        Column("predicted\nms"),
        Column("least\nms", "The least time that the device's ceilings allow.", extra=True),
        Column("ratio", "Predicted / measured; the bar is full at twice or half."),
        Column("bound by", "What sets most of the predicted time.", number=False, main=False),
    )
    rows = tuple(
        Row(
            (
                case.label,
                Cell(str(case.row.line), case.row.line),
                units.shapes(case.shapes),
                case.device,
                case.algorithm,
                common.milliseconds(case.measured_seconds),
                common.milliseconds(case.predicted_seconds),
                common.milliseconds(case.roofline_seconds),
                page_parts.off(case.ratio or 1.0),
                words.short_bound(case.bound),
            ),
            _key(case),
        )
        for case in cases
    )
    return Grid("", columns, rows)


def _skipped(validation: KernelValidation) -> Section:
    columns = (Column("What", number=False), Column("line"), Column("why", number=False))
    rows = tuple(
        Row((case.label or common.ABSENT, Cell(str(case.row.line), case.row.line), case.skipped_because))
        for case in validation.skipped
    )
    title = f"Skipped: {len(rows):,} row{'s' * (len(rows) != 1)}"
    return Section("skipped", "Skipped", title, tables=(Grid("", columns, rows),))
