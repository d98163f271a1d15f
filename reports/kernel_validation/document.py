"""What a validation of single kernels says, as titles, sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table
from memprof.reports.validation.document import ALL_ROWS, WORST_ROWS, percent, skipped_section
from memprof.validation.kernels import LONG_SECONDS, KernelCase, KernelValidation, OperatorErrors, operator_errors
from memprof.validation.statistics import Errors, worst

_LONG = f"{LONG_SECONDS * 1e6:.0f} µs"
ERRORS_NOTE = (
    f"Error: |predicted / measured - 1| of the latency. Bias: the median of predicted / measured above {_LONG}. "
    "Much of a shorter latency is launching, so the longer ones tell more."
)
PROTOCOL_NOTE = (
    "Predicted latencies include what the measurement adds to the kernels: in NeuSight's files the time that the host "
    "needs to launch them (docs/validate.md), in the other files nothing."
)


def document(validation: KernelValidation, top: int | None = None, *, wide: bool = True) -> Document:
    """Return what to say: errors by operator, the rows (with `top` the worst ones only), what was skipped."""
    kept, skipped = validation.predicted, validation.skipped
    shown, title = kept, "Latencies in ms, measured and predicted"
    if top is not None or len(kept) > ALL_ROWS:
        shown = worst(kept, top or WORST_ROWS)
        title = f"The {len(shown)} of {len(kept):,} kernels that are furthest off, latencies in ms"
    sections = [
        error_section(operator_errors(validation.cases), wide=wide),
        Section(row_table(title, shown, wide=wide)),
    ]
    if skipped:
        sections.append(skipped_section([(case.row.line, case.label, case.skipped_because) for case in skipped], top))
    sentences = (f"{len(kept):,} of {len(validation.cases):,} rows predicted.", PROTOCOL_NOTE)
    return Document(f"Kernels against {validation.table.name}", sentences, tuple(sections))


def row_table(title: str, cases: Sequence[KernelCase], *, wide: bool) -> Table:
    """Return measured and predicted latency of each case and their ratio; `wide` adds the shapes of the inputs."""
    columns = [Column("Line"), Column("Operator", number=False, path=True)]
    columns += [Column("Inputs", number=False, path=True)] if wide else []
    columns += [Column("Measured"), Column("Predicted"), Column("Ratio"), Column("Bound", number=False)]
    return Table(title, tuple(columns), tuple(_row(case, wide=wide) for case in cases))


def _row(case: KernelCase, *, wide: bool) -> tuple[str, ...]:
    measured, predicted, ratio = case.measured_seconds, case.predicted_seconds, case.ratio
    if measured is None or predicted is None or ratio is None:
        raise ValueError("a case without a prediction has no row")
    return (
        str(case.row.line),
        ", ".join(filter(None, (case.label, case.algorithm))),
        *([units.shapes(case.shapes)] if wide else []),
        units.milliseconds(measured),
        units.milliseconds(predicted),
        f"{ratio:.3f}",
        words.short_bound(case.bound),
    )


def error_section(groups: Sequence[OperatorErrors], *, wide: bool) -> Section:
    """Return the errors by operator and device; beside long names or several devices, means need a `wide` terminal."""
    several = len({item.device for item in groups}) > 1
    means = wide or not (several or any(item.pass_name for item in groups))
    mean = [Column("mean\nerror")] if means else []
    columns = [Column("Operator", number=False, path=True)]
    columns += [Column("Device", number=False)] if wide or several else []
    columns += [Column("rows"), Column("median\nerror"), *mean]
    columns += [Column(f"rows\nabove {_LONG}"), Column("median\nerror"), *mean, Column("bias")]
    rows = tuple(
        (
            f"  {item.label}" if item.algorithm else item.label,
            *([item.device] if wide or several else []),
            *_error_cells(item.errors, means=means),
            *_error_cells(item.long, means=means),
            "–" if item.long.bias is None else f"{item.long.bias:.3f}",
        )
        for item in groups
    )
    return Section(Table("How far off, by operator", tuple(columns), rows), (ERRORS_NOTE,))


def _error_cells(errors: Errors, *, means: bool) -> tuple[str, ...]:
    mean = [percent(errors.mean_absolute_percentage_error)] if means else []
    return (f"{errors.count:,}", percent(errors.median_absolute_percentage_error), *mean)
