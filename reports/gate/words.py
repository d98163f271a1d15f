"""What the gate's outputs call things: verdicts, figures and their changes, workloads; the same in every format."""

from __future__ import annotations

import math
from collections.abc import Sequence

from memprof import units, words
from memprof.gate.metrics import BUDGETED, MEASURED, METRICS, SHARES
from memprof.gate.records import GateResult, GateWorkload, MeasuredResult, MetricVerdict, Verdict, WorkloadResult

MINUS = "−"
PREDICTED = "Figures are predicted from the operators' shapes, not measured."
NOT_GATED = "not gated"
_ABSENT = "–"
_SHARE_PREFIX = f"{SHARES}."
_FOLLOWS = "as "
"""How the budget of a figure begins that has none of its own, as throughput has that of the step time."""


def title(metric: str) -> str:
    """Return what people call a figure: "predicted step time"; of "bound_shares.l1" it is "time bound by L1"."""
    if metric.startswith(_SHARE_PREFIX):
        return f"time bound by {words.short_bound(metric.removeprefix(_SHARE_PREFIX))}"
    return BUDGETED[metric].title if metric in BUDGETED else metric


def value(metric: str, amount: float) -> str:
    """Format a figure in its unit."""
    known = METRICS.get(SHARES if metric.startswith(_SHARE_PREFIX) else metric)
    if known is None or not math.isfinite(amount):
        return units.number(amount)
    return known.format(amount)


def change(item: MetricVerdict) -> str:
    """Say by how much a figure changed: "+5.2 %", "none"; of a share of time in points."""
    if item.before == item.after:
        return "none"
    if item.metric.startswith(_SHARE_PREFIX):
        return f"{signed_number(100 * (item.after - item.before))} points"
    return _ABSENT if item.change is None else percent(item.change)


def percent(fraction: float) -> str:
    """Format a relative change: "+5.2 %", "−0.02 %"; never as nothing where there is some."""
    if not math.isfinite(fraction):
        return units.number(fraction)
    if 0 < abs(fraction) < 5e-5:
        return f"{'+' if fraction > 0 else MINUS}<0.01 %"
    return f"{signed_number(100 * fraction)} %"


def signed_number(amount: float) -> str:
    """Format a difference with its sign, to a tenth, or to a hundredth where it is less than one: "+5.2", "−0.02"."""
    if not math.isfinite(amount):
        return units.number(amount)
    text = f"{abs(amount):,.{1 if abs(amount) >= 0.995 else 2}f}"
    return text if not text.strip("0.,") else f"{'+' if amount > 0 else MINUS}{text}"


def verdict(item: MetricVerdict) -> str:
    """Return the verdict on a figure; one without a budget has none."""
    return NOT_GATED if item.budget == "off" and item.verdict is Verdict.PASSED else str(item.verdict)


def follows(item: MetricVerdict) -> bool:
    """Return whether a figure says the same as another one, whose verdict it shares."""
    return item.budget.startswith(_FOLLOWS)


def changed_metrics(result: WorkloadResult) -> tuple[MetricVerdict, ...]:
    """Return the figures to look at, those beyond their budget first; the others did not change."""
    shown = [item for item in result.metrics if item.before != item.after or item.verdict is not Verdict.PASSED]
    order = (Verdict.CANNOT_TELL, Verdict.REGRESSED, Verdict.IMPROVED, Verdict.PASSED)
    return tuple(sorted(shown, key=lambda item: (order.index(item.verdict), verdict(item) == NOT_GATED)))


def unchanged_count(result: WorkloadResult) -> str:
    """Count the figures that did not change: "8 metrics unchanged"; "" where there are none."""
    count = len(result.metrics) - len(changed_metrics(result))
    return f"{count} {'metric' if count == 1 else 'metrics'} unchanged" if count else ""


def metric_sentence(item: MetricVerdict) -> str:
    """Say what one figure did: "predicted step time 43.9 ms to 48.7 ms, +10.9 % (budget +2 %)"."""
    ends = f"{value(item.metric, item.before)} to {value(item.metric, item.after)}"
    gated = f"as {title(item.budget.removeprefix(_FOLLOWS))}" if follows(item) else f"budget {item.budget}"
    return f"{title(item.metric)} {ends}, {change(item)} ({gated})"


def name(workload: GateWorkload) -> str:
    """Name a workload: "inceptionnext_t, inference on a100-sxm4-40gb"."""
    return f"{workload.model}, {words.phase(workload.phase)} on {workload.device}"


def details(workload: GateWorkload) -> str:
    """Say the rest of what a workload is: "batch 128, 224 px, tf32, channels-last"."""
    return f"batch {workload.batch_size}, {workload.resolution} px, {workload.precision}, {workload.layout}"


def full_name(workload: GateWorkload) -> str:
    """Say all that a workload is, so that no two are called the same."""
    return f"{name(workload)}, {details(workload)}"


def measured_name(item: MeasuredResult) -> str:
    """Name what was measured: "resnet50, training"."""
    return f"{item.model}, {words.phase(item.phase)}"


def measured_budget(item: MeasuredResult) -> str:
    """Format the budget of a measurement: "+5 %"."""
    return f"+{item.budget * 100:.4g} %"


def has_times(item: MeasuredResult) -> bool:
    """Return whether there are times, and not only reasons why there are none."""
    return item.ratio > 0 and math.isfinite(item.low) and math.isfinite(item.high)


def interval(item: MeasuredResult) -> str:
    """Format the interval in which the change of a measured time lies: "+12.1 to +18.0 %"."""
    if not has_times(item):
        return _ABSENT
    return f"{signed_number(100 * (item.low - 1))} to {signed_number(100 * (item.high - 1))} %"


def measured_change(item: MeasuredResult) -> str:
    """Format by how much a measured time changed: "+15.2 %"."""
    return percent(item.ratio - 1) if has_times(item) else _ABSENT


def measured_times(item: MeasuredResult) -> tuple[str, str]:
    """Format the times of base and head: "812 ms", "935 ms"."""
    if not has_times(item):
        return _ABSENT, _ABSENT
    return units.seconds(item.base_seconds), units.seconds(item.head_seconds)


def measured_sentence(item: MeasuredResult) -> str:
    """Say what one measurement found."""
    if not has_times(item):
        return f"{MEASURED.title} is not known"
    return (
        f"{MEASURED.title} {' to '.join(measured_times(item))}, {measured_change(item)}, 95 % interval "
        f"{interval(item)} (budget {measured_budget(item)})"
    )


def headline(result: GateResult) -> str:
    """Say the verdict in one line: "REGRESSED: 1 of 6 workloads got worse beyond budget"."""
    return f"{str(result.verdict).upper()}: {summary(result)}"


def summary(result: GateResult) -> str:
    """Say what a result amounts to: "1 of 6 workloads and 1 of 2 measurements got worse beyond budget"."""
    subjects = [
        subject
        for noun, verdicts in _verdicts(result)
        if (subject := _subject(noun, verdicts, result.verdict, of_all=True))
    ]
    if not subjects:
        return "nothing was compared"
    every = [noun for noun, verdicts in _verdicts(result) if verdicts and set(verdicts) == {Verdict.CANNOT_TELL}]
    if result.verdict is Verdict.CANNOT_TELL and len(every) == len(subjects):
        return f"{' and '.join(f'no {noun}' for noun in every)} can be judged"
    return f"{words.enumerate_words(subjects)} {_DID[result.verdict]}"


def other_verdicts(result: GateResult) -> str:
    """Say what there is besides the verdict: "Besides, 1 workload cannot be judged."."""
    parts = []
    for verdict in (Verdict.CANNOT_TELL, Verdict.IMPROVED, Verdict.PASSED):
        subjects = [
            subject
            for noun, verdicts in _verdicts(result)
            if (subject := _subject(noun, verdicts, verdict, of_all=False))
        ]
        if verdict is not result.verdict and subjects:
            parts.append(f"{words.enumerate_words(subjects)} {_DID[verdict]}")
    return f"Besides, {'; '.join(parts)}." if parts else ""


_DID = {
    Verdict.REGRESSED: "got worse beyond budget",
    Verdict.CANNOT_TELL: "cannot be judged",
    Verdict.IMPROVED: "got better beyond budget",
    Verdict.PASSED: "kept to budget",
}


def _verdicts(result: GateResult) -> tuple[tuple[str, list[Verdict]], ...]:
    return (
        ("workload", [item.verdict for item in result.results]),
        ("measurement", [item.verdict for item in result.measured]),
    )


def _subject(noun: str, verdicts: Sequence[Verdict], one: Verdict, *, of_all: bool) -> str:
    """Return how many got a verdict: "2 of 6 workloads", without `of_all` "2 workloads"; "" where none did."""
    count, total = verdicts.count(one), len(verdicts)
    if not count:
        return ""
    if of_all and count == total:
        return f"the {noun}" if total == 1 else f"{'both' if total == 2 else f'all {total}'} {noun}s"
    number = f"{count} of {total}" if of_all else str(count)
    return f"{number} {noun if (total if of_all else count) == 1 else f'{noun}s'}"
