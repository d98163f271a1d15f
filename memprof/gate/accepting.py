"""What accepting today's figures changes in a baseline, in words: what a reviewer of the new one wants to know."""

from __future__ import annotations

from collections.abc import Iterator

from memprof.gate.identity import describe
from memprof.gate.metrics import METRICS, SHARES
from memprof.gate.records import Baseline, Entry, Figures

_SMALL = 1e-8
"""Change, as a fraction, that is none: figures are kept to nine digits."""


def describe_acceptance(before: Baseline | None, after: Baseline) -> tuple[str, ...]:
    """Say how the baseline `after` differs from the one before it, in lines; nothing where it does not.

    `before` is None where there was none that could be read.
    """
    befores = {entry.workload: entry for entry in before.entries} if before is not None else {}
    afters = {entry.workload: entry for entry in after.entries}
    lines = list(_origin(before, after)) if before is not None else []
    lines += [f"added: {describe(workload)}" for workload in afters if workload not in befores]
    lines += [f"removed: {describe(workload)}" for workload in befores if workload not in afters]
    for workload, entry in afters.items():
        if workload in befores and (sentences := _entry(befores[workload], entry)):
            lines += [f"changed: {describe(workload)}", *(f"  {line}" for line in sentences)]
    return tuple(lines)


def _origin(before: Baseline, after: Baseline) -> Iterator[str]:
    if before.cost_model != after.cost_model:
        yield f"memprof's cost model: version {before.cost_model} -> {after.cost_model}"
    if before.memprof != after.memprof:
        yield f"memprof: {before.memprof} -> {after.memprof}"
    for what, olds, news in (("", before.environment, after.environment), ("device ", before.devices, after.devices)):
        for name in sorted({*olds, *news}):
            old, new = olds.get(name, "none"), news.get(name, "none")
            if name in olds and name in news and old != new:
                yield f"the figures of the {what}{name} changed" if what else f"{name}: {old} -> {new}"


def _entry(before: Entry, after: Entry) -> list[str]:
    changed = [
        sentence for name in METRICS if name != SHARES and (sentence := _figure(name, before.figures, after.figures))
    ]
    if changed:
        return changed
    return ["the same figures from other operators"] if before.operators != after.operators else []


def _figure(name: str, before: Figures, after: Figures) -> str:
    metric = METRICS[name]
    was, now = float(getattr(before, name)), float(getattr(after, name))
    if was == now or (not metric.is_count and abs(now - was) <= _SMALL * max(abs(was), abs(now))):
        return ""
    change = f" ({100 * (now / was - 1):+.3g} %)" if was else ""
    return f"{metric.title}: {metric.format(was)} -> {metric.format(now)}{change}"
