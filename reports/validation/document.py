"""What a validation says, as titles, sentences and tables; the same for a terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table
from memprof.validation.records import Case, Validation
from memprof.validation.statistics import Errors, GroupErrors, case_errors, group_errors, worst

ALL_ROWS, WORST_ROWS = 60, 20
"""Up to how many rows all are shown, and of more how many."""
_NONE = "–"
ERRORS_NOTE = (
    "Mean error: the mean of |predicted / measured - 1|. Without bias: the same after dividing every prediction by the "
    "bias, which is the median of predicted / measured. 90th percentile: nine rows in ten are off by no more. Rank: "
    "Spearman's rank correlation, 1 where the rows are in the right order."
)


def document(validation: Validation, top: int | None = None, *, wide: bool = True) -> Document:
    """Return what to say: the rows (with `top` the worst ones only), their errors, what was skipped and why."""
    cases, skipped = validation.cases, validation.skipped
    whole = case_errors(cases)
    sentences = [f"{whole.count:,} of {len(cases):,} rows predicted. {_how_far(whole)}", *validation.notes]
    shown = validation.predicted
    title = "Images/s, measured and predicted"
    if top is not None or len(shown) > ALL_ROWS:
        shown = worst(cases, top or WORST_ROWS)
        title = f"The {len(shown)} of {whole.count:,} rows that are furthest off, images/s"
    sections = [Section(row_table(title, shown, wide=wide), ("Ratio: predicted / measured.",))]
    sections += error_sections(group_errors(cases))
    if skipped:
        sections.append(skipped_section([(case.row.line, case.model, case.skipped_because) for case in skipped], top))
    return Document(f"Predictions against {validation.table.name}", tuple(sentences), tuple(sections))


def _how_far(errors: Errors) -> str:
    return (
        f"They are {percent(errors.mean_absolute_percentage_error)} off on average, "
        f"{percent(errors.unbiased_mean_absolute_percentage_error)} without what they have in common."
    )


def row_table(title: str, cases: Sequence[Case], *, wide: bool) -> Table:
    """Return measured, predicted and ratio of each case; `wide` adds the workload."""
    several = len({case.device for case in cases}) > 1
    columns = [Column("Line"), Column("Model", number=False, path=True), Column("Phase", number=False)]
    columns += [Column("Device", number=False)] if several else []
    columns += [Column("Batch"), Column("Pixels"), Column("Layout", number=False)] if wide else []
    columns += [Column("Measured"), Column("Predicted"), Column("Ratio"), Column("Bound", number=False)]
    return Table(title, tuple(columns), tuple(_row(case, several=several, wide=wide) for case in cases))


def _row(case: Case, *, several: bool, wide: bool) -> tuple[str, ...]:
    measured, predicted, ratio = case.measurement, case.prediction, case.ratio
    if measured is None or predicted is None or ratio is None:
        raise ValueError("a case without a prediction has no row")
    return (
        str(case.row.line),
        case.model,
        case.phase,
        *([case.device] if several else []),
        *([str(measured.batch_size), str(measured.resolution), predicted.layout] if wide else []),
        throughput(measured.images_per_second),
        throughput(predicted.images_per_second),
        f"{ratio:.3f}",
        words.short_bound(predicted.bound),
    )


def error_sections(groups: Sequence[GroupErrors]) -> list[Section]:
    """Return a table for each source and device."""
    titles = list(dict.fromkeys((group.source, group.device) for group in groups))
    sections = []
    for source, device in titles:
        own = [group for group in groups if (group.source, group.device) == (source, device)]
        skips = any(group.skipped for group in own)
        rows = tuple(_error_row(group, skips=skips) for group in own)
        columns = [Column("Rows of", number=False, path=True), Column("rows"), *error_columns()]
        columns += [Column("skipped")] if skips else []
        sections.append(Section(Table(f"How far off: {source} on {device}", tuple(columns), rows)))
    last = sections[-1]
    return [*sections[:-1], Section(last.table, (ERRORS_NOTE,))]


def error_columns() -> list[Column]:
    """Return the columns of `error_cells`."""
    return [Column("mean\nerror"), Column("without\nbias"), Column("90th\nperc."), Column("bias"), Column("rank")]


def error_cells(errors: Errors) -> tuple[str, ...]:
    """Return the figures of `errors` as text."""
    return (
        percent(errors.mean_absolute_percentage_error),
        percent(errors.unbiased_mean_absolute_percentage_error),
        percent(errors.percentile_90_absolute_percentage_error),
        _NONE if errors.bias is None else f"{errors.bias:.3f}",
        _NONE if errors.spearman is None else f"{errors.spearman:.4f}",
    )


def _error_row(group: GroupErrors, *, skips: bool) -> tuple[str, ...]:
    phase = words.phase(group.phase)
    part = ", ".join(filter(None, (group.layout, group.stack)))
    label = f"  {part}" if part else phase or "all"
    skipped = [str(group.skipped)] if skips else []
    return (label, f"{group.errors.count:,}", *error_cells(group.errors), *skipped)


def skipped_section(skipped: Sequence[tuple[int, str, str]], top: int | None) -> Section:
    """Return a table of lines, what they hold, and why they were skipped."""
    shown = skipped[: top or WORST_ROWS]
    title = f"Skipped: {len(skipped):,} row{'s' * (len(skipped) != 1)}"
    more = len(skipped) - len(shown)
    notes = (f"And {more:,} more; --csv and --json list them all.",) if more else ()
    columns = (Column("Line"), Column("What", number=False, path=True), Column("Why", number=False, wraps=True))
    rows = tuple((str(line), what or _NONE, reason) for line, what, reason in shown)
    return Section(Table(title, columns, rows), notes)


def throughput(value: float) -> str:
    """Format images/s for a column: "2,413", "93.5"."""
    return f"{value:,.0f}" if value >= 100 else units.number(value)


def percent(fraction: float | None) -> str:
    """Format an error: "3.5 %"; a dash where there is none."""
    return _NONE if fraction is None else f"{fraction * 100:,.1f} %"
