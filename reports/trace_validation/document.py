"""What a trace says about predictions, as titles, sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table
from memprof.reports.validation.document import ALL_ROWS, WORST_ROWS, percent
from memprof.validation.statistics import worst
from memprof.validation.trace_records import LeftOut, PassCase, PassErrors, TraceValidation, pass_errors

_NONE = "–"
ERRORS_NOTE = (
    "Error: |predicted / measured - 1| of the kernels' time. Bias: the median of predicted / measured. Rank: "
    "Spearman's rank correlation."
)
BY_SHAPES = "Calls are lined up by name and shapes."
BY_ORDER = "The trace has no shapes: calls are lined up by name and order."


def document(validation: TraceValidation, top: int | None = None, *, wide: bool = True) -> Document:
    """Return what to say: errors by kind and pass, the passes (with `top` the worst only), what was left out."""
    kept = validation.predicted
    shown, title = kept, "Milliseconds of kernels in a step, measured and predicted"
    if top is not None or len(kept) > ALL_ROWS:
        shown = worst(kept, top or WORST_ROWS)
        title = f"The {len(shown)} of {len(kept):,} passes that are furthest off, ms"
    sections = [error_section(pass_errors(validation.cases)), Section(_pass_table(title, shown, wide=wide))]
    if validation.left_out:
        sections.append(_left_out_section(validation.left_out, top, shapes=validation.by_shapes))
    title = f"{validation.workload.model} layer by layer, against {validation.origin}"
    return Document(title, _sentences(validation), tuple(sections))


def _sentences(validation: TraceValidation) -> tuple[str, ...]:
    work, steps = validation.workload, validation.steps
    lined = sum(case.measured_seconds for case in validation.cases)
    lost = validation.measured_seconds - lined
    sentences = [
        f"Simulated with batch {work.batch_size}, {work.pixels} pixels, {words.phase(work.phase)}, {work.precision}, "
        f"{work.layout}, on {validation.device}. {BY_SHAPES if validation.by_shapes else BY_ORDER}",
        f"Kernels take {units.seconds(validation.measured_seconds)} a step"
        + (f", the mean of {steps} steps" if steps > 1 else "")
        + f"; predicted {units.seconds(validation.predicted_seconds)}. {units.seconds(lost)} of it "
        f"({percent(lost / validation.measured_seconds)}) is left out below, the rest is lined up.",
    ]
    if validation.communication_seconds:
        sentences.append(f"Communication beside it, {units.seconds(validation.communication_seconds)}, is not counted.")
    if validation.unsplit:
        sentences.append(
            f"The kernels of {validation.unsplit} backward calls do not tell data and weight gradient apart: each of "
            "these calls is one row."
        )
    return tuple(sentences)


def error_section(groups: Sequence[PassErrors]) -> Section:
    """Return the errors by kind and pass."""
    columns = (
        Column("Kind", number=False, path=True),
        Column("passes"),
        *(Column(f"{name}\nerror") for name in ("median", "mean")),
        *(Column(name) for name in ("bias", "rank", "measured\nms", "predicted\nms")),
    )
    return Section(Table("How far off, by kind and pass", columns, tuple(map(_error_row, groups))), (ERRORS_NOTE,))


def _error_row(group: PassErrors) -> tuple[str, ...]:
    figures = group.errors
    return (
        f"  {group.pass_name}" if group.pass_name else group.kind or "all",
        f"{figures.count:,}",
        percent(figures.median_absolute_percentage_error),
        percent(figures.mean_absolute_percentage_error),
        _NONE if figures.bias is None else f"{figures.bias:.3f}",
        _NONE if figures.spearman is None else f"{figures.spearman:.2f}",
        units.milliseconds(group.measured_seconds),
        units.milliseconds(group.predicted_seconds),
    )


def _pass_table(title: str, cases: Sequence[PassCase], *, wide: bool) -> Table:
    columns = [Column("Operator", number=False), Column("Pass", number=False)]
    columns += [Column("Module", number=False, path=True)]
    columns += [Column("Inputs", number=False, path=True)] if wide else []
    columns += [Column("Measured"), Column("Predicted"), Column("Ratio"), Column("Bound", number=False)]
    return Table(title, tuple(columns), tuple(_pass_row(case, wide=wide) for case in cases))


def _pass_row(case: PassCase, *, wide: bool) -> tuple[str, ...]:
    return (
        case.operator.removesuffix("_backward"),
        case.pass_name,
        case.module or _NONE,
        *([units.shapes(case.shapes)] if wide else []),
        units.milliseconds(case.measured_seconds),
        units.milliseconds(case.predicted_seconds),
        _NONE if case.ratio is None else f"{case.ratio:.3f}",
        words.short_bound(case.bound),
    )


def _left_out_section(items: Sequence[LeftOut], top: int | None, *, shapes: bool) -> Section:
    """Return a table of what does not line up, longest first, and why."""
    shown = items[: top or WORST_ROWS]
    more = len(items) - len(shown)
    columns = [Column("Operator", number=False, path=True), Column("", number=False)]
    columns += [Column("Inputs", number=False, path=True)] if shapes else []
    columns += [Column("Measured"), Column("Predicted"), Column("Why", number=False, wraps=True)]
    rows = tuple(
        (
            item.operator,
            words.short_phase(item.phase),
            *([units.shapes(item.shapes)] if shapes else []),
            units.milliseconds(item.measured_seconds),
            units.milliseconds(item.predicted_seconds),
            item.reason,
        )
        for item in shown
    )
    notes = (f"And {more:,} more; --json lists them all.",) if more else ()
    return Section(Table("Left out: what does not line up, ms in a step", tuple(columns), rows), notes)
