"""The page of a trace held against the simulation of its model: every pass in a plane, errors by kind, the rest."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.write import write
from memprof.reports.trace_validation import document, write_json
from memprof.reports.validation import page_parts
from memprof.reports.validation.document import percent
from memprof.reports.validation.page_parts import Dot
from memprof.reports.writer import RenderOptions
from memprof.validation.trace_records import PassCase, TraceValidation, pass_errors

EXTENSION = "html"


def render(validation: TraceValidation, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    groups = pass_errors(validation.cases)
    whole, work = groups[0].errors, validation.workload
    content = document.document(validation)
    verdict = (
        f"{work.model} layer by layer: half of {whole.count:,} passes are predicted to within "
        f"{percent(whole.median_absolute_percentage_error)} of what the trace measured."
    )
    dots = [_dot(place, case) for place, case in enumerate(validation.cases) if case.ratio]
    plot = page_parts.plane(dots, "ms of kernels in a step", f"{verdict} Each mark is a pass of an operator call.")
    sections = [
        Section("plot", "Plot", "Predicted against measured, pass by pass", content.sentences, (plot,)),
        Section("errors", "Errors", "How far off, by kind and pass", tables=(_errors(validation),)),
        Section("passes", "Passes", "Every pass, in the order of the step", tables=(_passes(validation),)),
    ]
    if validation.left_out:
        sections.append(_left_out(validation))
    return write(
        Page(
            window=content.title,
            verdict=verdict,
            figures=page_parts.figures(whole, "passes"),
            line=f"{validation.origin}, on {validation.device}",
            assumed=common.assumed(
                (
                    ("Trace", validation.origin, f"{validation.steps} step{'s' * (validation.steps != 1)}"),
                    ("Device", validation.device, "what ran it, and what is predicted"),
                    ("Precision", work.precision, "of the simulation"),
                    ("Layout", work.layout, "of the simulation"),
                    ("Lined up", document.BY_SHAPES if validation.by_shapes else document.BY_ORDER, ""),
                )
            ),
            sections=tuple(sections),
            words=page_parts.WORDS,
            json=write_json.render(validation, options).decode(),
        )
    )


def _key(place: int) -> str:
    return f"pass {place + 1}"


def _dot(place: int, case: PassCase) -> Dot:
    name = f"{case.operator.removesuffix('_backward')}, {case.pass_name}"
    told = (
        *([case.module] if case.module else []),
        units.shapes(case.shapes),
        f"measured {units.seconds(case.measured_seconds)}, predicted {units.seconds(case.predicted_seconds)}",
        f"bound by {words.short_bound(case.bound)}",
    )
    return Dot(case.kind, name, 1e3 * case.measured_seconds, 1e3 * case.predicted_seconds, told, _key(place))


def _errors(validation: TraceValidation) -> Grid:
    columns = (
        Column("Kind", number=False),
        Column("pass", number=False),
        Column("passes", "How many.", main=False),
        Column("median\nerror", "Half of the passes are off by no more."),
        Column("mean\nerror", "The mean of |predicted / measured - 1|.", main=False),
        Column("bias", "The median of predicted / measured.", main=False),
        Column("rank", "Spearman's rank correlation.", main=False),
        Column("measured\nms", "Of all its passes in a step."),
        Column("predicted\nms", "Of all its passes in a step."),
    )
    rows = tuple(
        Row(
            (
                Cell(group.kind or "all", color=colors.kind_class(group.kind) if group.kind else ""),
                group.pass_name or "all",
                Cell(f"{group.errors.count:,}", group.errors.count),
                page_parts.fraction(group.errors.median_absolute_percentage_error),
                page_parts.fraction(group.errors.mean_absolute_percentage_error),
                page_parts.number(group.errors.bias),
                page_parts.number(group.errors.spearman, 2),
                common.milliseconds(group.measured_seconds),
                common.milliseconds(group.predicted_seconds),
            )
        )
        for group in pass_errors(validation.cases)
    )
    return Grid("", columns, rows)


def _passes(validation: TraceValidation) -> Grid:
    columns = (
        Column("Operator", number=False),
        Column("kind", number=False, facet=True, main=False),
        Column("pass", number=False, facet=True),
        Column("module", number=False, path=True, main=False),
        Column("inputs", number=False, path=True, extra=True),
        Column("measured\nms", "What its kernels took, the mean of the steps."),
        Column("predicted\nms"),
        Column("least\nms", "The least time that the device's ceilings allow.", extra=True),
        Column("ratio", "Predicted / measured; the bar is full at twice or half."),
        Column("bound by", "What sets most of the predicted time.", number=False, main=False),
        Column("kernels", "What ran in the first step.", number=False, path=True, extra=True),
    )
    rows = tuple(
        Row(
            (
                case.operator.removesuffix("_backward"),
                case.kind,
                case.pass_name,
                case.module or common.ABSENT,
                units.shapes(case.shapes),
                common.milliseconds(case.measured_seconds),
                common.milliseconds(case.predicted_seconds),
                common.milliseconds(case.roofline_seconds),
                page_parts.off(case.ratio) if case.ratio else Cell(common.ABSENT),
                words.short_bound(case.bound),
                "; ".join(case.kernels),
            ),
            _key(place),
        )
        for place, case in enumerate(validation.cases)
    )
    return Grid("", columns, rows)


def _left_out(validation: TraceValidation) -> Section:
    columns = (
        Column("Operator", number=False),
        Column("phase", number=False, main=False),
        Column("inputs", number=False, path=True, main=False),
        Column("measured\nms", "A step's, on the trace's side."),
        Column("predicted\nms", "A step's, on the simulation's side."),
        Column("why", number=False),
    )
    rows = tuple(
        Row(
            (
                item.operator,
                words.short_phase(item.phase),
                units.shapes(item.shapes),
                common.milliseconds(item.measured_seconds),
                common.milliseconds(item.predicted_seconds),
                item.reason,
            )
        )
        for item in validation.left_out
    )
    return Section("left-out", "Left out", "Left out: what does not line up", tables=(Grid("", columns, rows),))
