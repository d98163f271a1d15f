"""Today's figures held against a baseline: what got worse, what got better, and what cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from memprof._version import COST_MODEL, __version__
from memprof.gate.budgets import Budget, judge
from memprof.gate.config import GateConfig
from memprof.gate.identity import cost_model_mismatch, incomparability, unmatched_workload
from memprof.gate.metrics import METRICS, SHARES, Metric
from memprof.gate.records import (
    RESULT_SCHEMA,
    Baseline,
    Entry,
    GateResult,
    MeasuredResult,
    MetricVerdict,
    Verdict,
    WorkloadResult,
)

_EXIT_CODES = {Verdict.PASSED: 0, Verdict.IMPROVED: 0, Verdict.REGRESSED: 1, Verdict.CANNOT_TELL: 2}
_UPDATE = "run `memprof gate update` and commit the baseline"
_BOUND_SHARE_SHOWN = 0.001
_GATED_BY_TIME = "as {}"


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a check is made, beside the budgets of the configuration.

    `baseline` and `config` are the files as the user knows them. `strict`: an improvement beyond the budget does not
    pass. `lenient`: a measurement that cannot tell for noise passes.
    """

    baseline: str
    config: str
    strict: bool = False
    lenient: bool = False


def exit_code(result: GateResult) -> int:
    """Return the exit code of a check: 0 passed, 1 regressed, or improved where that is not to pass, 2 cannot tell."""
    return 1 if result.verdict is Verdict.IMPROVED and result.strict else _EXIT_CODES[result.verdict]


def refuse(config: GateConfig, terms: Terms, baseline: Baseline) -> GateResult | None:
    """Return the result where no figure of `baseline` can be compared, so that none need be found; None otherwise."""
    why, remedy = cost_model_mismatch(baseline, COST_MODEL)
    if not why:
        return None
    results = tuple(WorkloadResult(entry.workload, Verdict.CANNOT_TELL, reasons=(why,)) for entry in baseline.entries)
    return _result(config, terms, results, (), _notes(baseline, {}), remedy)


def check(
    config: GateConfig, terms: Terms, baseline: Baseline, today: Baseline, measured: Sequence[MeasuredResult] = ()
) -> GateResult:
    """Hold the entries of `today` against those of `baseline`."""
    refused = refuse(config, terms, baseline)
    if refused is not None:
        return refused
    befores = {entry.workload: entry for entry in baseline.entries}
    afters = {entry.workload: entry for entry in today.entries}
    results: list[WorkloadResult] = []
    for workload in sorted({*befores, *afters}):
        if workload not in afters:
            why = unmatched_workload(workload, afters, "the configuration")
            results.append(WorkloadResult(workload, Verdict.CANNOT_TELL, reasons=(why,)))
        elif workload not in befores:
            why = unmatched_workload(workload, befores, "the baseline")
            results.append(WorkloadResult(workload, Verdict.CANNOT_TELL, reasons=(why,)))
        else:
            key = f"{workload.device} {workload.precision}"
            same = baseline.devices.get(key) == today.devices.get(key)
            results.append(_workload(befores[workload], afters[workload], config.budgets, same_device=same))
    return _result(config, terms, results, measured, _notes(baseline, today.environment))


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on several workloads: one that certainly regressed decides, even where another cannot tell."""
    order = (Verdict.REGRESSED, Verdict.CANNOT_TELL, Verdict.IMPROVED)
    return next((verdict for verdict in order if verdict in verdicts), Verdict.PASSED)


def _workload(before: Entry, after: Entry, budgets: Mapping[str, Budget], *, same_device: bool) -> WorkloadResult:
    workload = after.workload
    if not same_device:
        why = f"the figures of the device {workload.device}, the host or the stack are not those of the baseline"
        return WorkloadResult(workload, Verdict.CANNOT_TELL, reasons=(why,))
    metrics: list[MetricVerdict] = []
    reasons: list[str] = []
    for metric, name, was, now in _pairs(before, after):
        why = incomparability(metric, was, now)
        reasons += [why] if why else []
        metrics.append(_metric(metric, name, was, now, budgets, metrics, cannot_tell=bool(why)))
    # Figures of which one makes no sense are not compared at all: within a workload, that comes first.
    verdict = Verdict.CANNOT_TELL if reasons else worst([item.verdict for item in metrics])
    if before.operators == after.operators and all(item.before == item.after for item in metrics):
        return WorkloadResult(workload, verdict, tuple(metrics), (), tuple(reasons))
    from memprof.gate.changes import changes

    return WorkloadResult(workload, verdict, tuple(metrics), changes(before, after), tuple(reasons))


def _pairs(before: Entry, after: Entry) -> Iterator[tuple[Metric, str, float, float]]:
    """Yield every figure before and after; of the bounds' shares those that differ by enough to be shown."""
    for name, metric in METRICS.items():
        was, now = getattr(before.figures, name), getattr(after.figures, name)
        if name != SHARES:
            yield metric, name, was, now
            continue
        for bound in sorted({*was, *now}):
            pair = was.get(bound, 0.0), now.get(bound, 0.0)
            if not abs(pair[1] - pair[0]) < _BOUND_SHARE_SHOWN:  # NaN is shown
                yield metric, f"{SHARES}.{bound}", *pair


def _metric(
    metric: Metric,
    name: str,
    was: float,
    now: float,
    budgets: Mapping[str, Budget],
    before: Sequence[MetricVerdict],
    *,
    cannot_tell: bool,
) -> MetricVerdict:
    budget = budgets.get(metric.name)
    change = now / was - 1 if was and not cannot_tell else None
    if budget is None:  # what follows another metric, which comes first
        text = _GATED_BY_TIME.format(metric.follows)
        verdict = next(item.verdict for item in before if item.metric == metric.follows)
    else:
        text = budget.text
        verdict = Verdict.PASSED if budget.is_off else judge(metric, was, now, budget)
    return MetricVerdict(name, was, now, change, text, Verdict.CANNOT_TELL if cannot_tell else verdict)


def _result(
    config: GateConfig,
    terms: Terms,
    results: Sequence[WorkloadResult],
    measured: Sequence[MeasuredResult],
    notes: Sequence[str],
    remedy: str = "",
) -> GateResult:
    verdicts = [item.verdict for item in results]
    noisy = [item for item in measured if item.verdict is Verdict.CANNOT_TELL and item.rounds] if terms.lenient else []
    if noisy:
        notes = [*notes, "a measurement that cannot tell passes, since --lenient was given"]
    verdict = worst([*verdicts, *(item.verdict for item in measured if item not in noisy)])
    return GateResult(
        schema=RESULT_SCHEMA,
        verdict=verdict,
        baseline=terms.baseline,
        config=terms.config,
        results=tuple(results),
        measured=tuple(measured),
        notes=tuple(notes),
        remedy=remedy or _remedy(verdict, by_measurement=worst(verdicts) is not verdict),
        strict=terms.strict,
        config_line=config.line,
    )


def _remedy(verdict: Verdict, *, by_measurement: bool) -> str:
    if by_measurement:
        return {
            Verdict.CANNOT_TELL: "see the reasons; for noise, take a quieter machine or let it pass with --lenient",
            Verdict.REGRESSED: "make it faster again, or raise the budget measured_seconds",
        }.get(verdict, "")
    return {
        Verdict.REGRESSED: f"undo what made it worse; if it is meant, {_UPDATE}",
        Verdict.CANNOT_TELL: f"see the reasons; if what is analysed today is right, {_UPDATE}",
        Verdict.IMPROVED: f"so that this cannot be lost again unnoticed, {_UPDATE}",
    }.get(verdict, "")


def _notes(baseline: Baseline, environment: Mapping[str, str]) -> list[str]:
    notes = [
        f"{name} is {environment[name]} here and {baseline.environment.get(name, 'unknown')} in the baseline: a "
        "difference may come from that"
        for name in sorted(environment)
        if environment[name] != baseline.environment.get(name)
    ]
    if baseline.memprof != __version__:
        notes.append(f"memprof is {__version__} here and {baseline.memprof} in the baseline")
    return notes
