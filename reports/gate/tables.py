"""The tables of a check as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof.gate.records import GateResult, MeasuredResult, MetricVerdict, Verdict, WorkloadResult
from memprof.reports.gate import words
from memprof.reports.parts.tables import Column, Table

_HEADERS = ("baseline", "now", "change", "budget")


def metrics(shown: Iterable[MetricVerdict]) -> Table:
    """Return figures before and after, with how much they changed, by how much they may get worse, and the verdict."""
    rows = [
        (
            words.title(item.metric),
            words.value(item.metric, item.before),
            words.value(item.metric, item.after),
            words.change(item),
            item.budget,
            words.verdict(item),
        )
        for item in shown
    ]
    columns = (Column("metric", number=False), *map(Column, _HEADERS), Column("verdict", number=False))
    return Table("Metrics", columns, tuple(rows))


def measured_table(shown: Sequence[MeasuredResult], *, wide: bool = True) -> Table:
    """Return measured times of base and head; not `wide`, in fewer columns."""
    columns = [Column("model", number=False), *map(Column, ("base", "head", "change", "95 % interval"))]
    rows = []
    for item in shown:
        name = words.measured_name(item) if wide else f"{item.model} {item.phase}"
        row = [name, *words.measured_times(item), words.measured_change(item), words.interval(item)]
        rows.append((*row, *([words.measured_budget(item)] if wide else []), str(item.verdict)))
    columns += [Column("budget")] if wide else []
    return Table("Measured on this machine", (*columns, Column("verdict", number=False)), tuple(rows))


def measured_notes(shown: Sequence[MeasuredResult], *, wide: bool = True) -> tuple[str, ...]:
    """Say how it was measured, what the times are, and why a measurement cannot tell, where it cannot."""
    first = shown[0]
    batches = sorted({item.batch_size for item in shown})
    rounds = sorted({item.rounds for item in shown})
    how = (
        f"Median wall time of a step at batch {_spread(batches)}, base {first.base} against head {first.head}, "
        f"in turns; {_spread(rounds)} paired rounds."
    )
    budget = "" if wide else f" Budget: {words.measured_budget(first)}."
    settings = ", ".join(f"{name}={value}" for name, value in sorted(first.settings.items()))
    reasons = [f"{words.measured_name(item)}: {reason}." for item in shown for reason in item.reasons]
    return (f"{how}{budget}", *reasons, *([f"The measuring processes ran with {settings}."] if settings else []))


def passed_workloads(result: GateResult) -> Table:
    """Return the workloads that passed, with what changed within the budget."""
    rows = [
        (words.name(item.workload), words.details(item.workload), change_summary(item))
        for item in result.results
        if item.verdict is Verdict.PASSED
    ]
    columns = tuple(Column(header, number=False) for header in ("workload", "", "within budget"))
    return Table("Passed", columns, tuple(rows))


def change_summary(result: WorkloadResult) -> str:
    """Say what changed within the budgets: "no metric changed", or "predicted step time +0.3 %, 2 more changed"."""
    items = words.changed_metrics(result)
    if not items:
        return "no metric changed"
    first = next((item for item in items if item.metric == "seconds"), items[0])
    more = f", {len(items) - 1} more changed" if len(items) > 1 else ""
    return f"{words.title(first.metric)} {words.change(first)}{more}"


def incomparable_workloads(result: GateResult) -> dict[tuple[str, ...], list[WorkloadResult]]:
    """Return the workloads of which no figure was compared, by the reasons."""
    groups: dict[tuple[str, ...], list[WorkloadResult]] = {}
    for item in result.results:
        if item.verdict is Verdict.CANNOT_TELL and not item.metrics:
            groups.setdefault(item.reasons, []).append(item)
    return groups


def notable_workloads(result: GateResult) -> tuple[WorkloadResult, ...]:
    """Return the workloads that did not pass and whose figures were compared, the worst first."""
    order = (Verdict.REGRESSED, Verdict.CANNOT_TELL, Verdict.IMPROVED)
    shown = [item for item in result.results if item.verdict in order and item.metrics]
    return tuple(sorted(shown, key=lambda item: order.index(item.verdict)))


def _spread(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
