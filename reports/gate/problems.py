"""What did not pass, item by item, as annotations and code-quality reports list it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from memprof.gate.metrics import MEASURED
from memprof.gate.records import GateResult, MeasuredResult, Verdict, WorkloadResult
from memprof.reports.gate import lines, words
from memprof.reports.gate.lines import Place, Sources


@dataclass(frozen=True, slots=True)
class Problem:
    """One figure of one workload that is beyond its budget, or a workload that cannot be compared.

    `subject` and `check` together tell it from all others, whatever its figures are. `fails` says whether it is why a
    check fails.
    """

    subject: str
    check: str
    verdict: Verdict
    text: str
    place: Place
    fails: bool


def problems(result: GateResult, sources: Sources) -> Iterator[Problem]:
    """Yield what did not pass, figure by figure."""
    for item in result.results:
        if item.verdict is not Verdict.PASSED:
            yield from _workload_problems(result, item, sources)
    for run in result.measured:
        if run.verdict is not Verdict.PASSED:
            text = "; ".join([words.measured_sentence(run), *run.reasons])
            yield Problem(
                measured_subject(run),
                MEASURED.name,
                run.verdict,
                text,
                lines.model_place(result, run.model, sources),
                fails(result, run.verdict),
            )


def fails(result: GateResult, verdict: Verdict) -> bool:
    """Return whether one verdict is why the whole result is not fine.

    A measurement that cannot tell does not make a lenient check fail, an improvement only a strict one.
    """
    if verdict is Verdict.IMPROVED:
        return result.strict
    if verdict is Verdict.CANNOT_TELL:
        return result.verdict in (Verdict.CANNOT_TELL, Verdict.REGRESSED)
    return verdict is Verdict.REGRESSED


def measured_subject(run: MeasuredResult) -> str:
    """Name a measurement in a way that no other has."""
    return f"{words.measured_name(run)}, batch {run.batch_size}, measured"


def _workload_problems(result: GateResult, item: WorkloadResult, sources: Sources) -> Iterator[Problem]:
    place = lines.workload_place(result, item.workload, sources)
    subject = words.full_name(item.workload)
    if item.reasons or not item.metrics:
        why = "; ".join(item.reasons) or "nothing was compared"
        yield Problem(subject, "comparison", item.verdict, why, place, fails(result, item.verdict))
    for metric in item.metrics:
        if metric.verdict is not Verdict.PASSED and not words.follows(metric):
            yield Problem(
                subject,
                metric.metric,
                metric.verdict,
                words.metric_sentence(metric),
                place,
                fails(result, metric.verdict),
            )
