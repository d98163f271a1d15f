"""Several reports against each other: which model is predicted to be fastest, and where the difference lies."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import summary, units, words
from memprof.findings import Finding, headline
from memprof.report import Report

_LARGE = 0.25
"""Least fraction of the whole difference that a kind must explain to be named."""


def compare(reports: Sequence[Report]) -> tuple[Finding, ...]:
    """Say which of several reports is predicted to be fastest, and which kinds of operators make the difference."""
    if len(reports) < 2:
        return ()
    differing = [name.replace("_", " ") for name in summary.differences(reports)]
    if differing:
        sentence = (
            f"The reports differ in {words.enumerate_words(differing)}: their times are not those of models alone."
        )
        return (Finding("different-workloads", sentence), Finding("order", _order(reports)))
    return (Finding("order", _order(reports)), *_difference(reports))


def title(reports: Sequence[Report]) -> str:
    """Say the one thing to remember about one or several reports, short enough for a title."""
    if len(reports) == 1:
        return headline(reports[0])
    names = summary.labels(reports)
    order = sorted(range(len(reports)), key=lambda index: _per_image(reports[index]))
    parts = [f"{names[index]} {units.seconds(_per_image(reports[index]))}" for index in order[:4]]
    return f"Predicted time per image: {', '.join(parts)}{', …' if len(order) > 4 else ''}"


def _order(reports: Sequence[Report]) -> str:
    names = summary.labels(reports)
    first, *others = sorted(range(len(reports)), key=lambda index: _per_image(reports[index]))
    least = _per_image(reports[first])
    parts = [
        f"{names[index]} {units.seconds(_per_image(reports[index]))}"
        + (f" ({units.ratio(_per_image(reports[index]) / least)})" if least else "")
        for index in others
    ]
    best = f"{names[first]} {units.seconds(least)}"
    return f"Predicted time per image: {best}, {words.enumerate_words(parts)}."


def _difference(reports: Sequence[Report]) -> tuple[Finding, ...]:
    """Name the kinds that make up most of the difference between the slowest and the fastest report."""
    names = summary.labels(reports)
    order = sorted(range(len(reports)), key=lambda index: reports[index].totals.seconds)
    fast, slow = reports[order[0]], reports[order[-1]]
    whole = slow.totals.seconds - fast.totals.seconds
    if whole <= 0.02 * slow.totals.seconds:
        return ()
    fast_kinds = {group.name: group.seconds for group in summary.by_kind(fast)}
    slow_kinds = {group.name: group.seconds for group in summary.by_kind(slow)}
    gains = {kind: slow_kinds[kind] - fast_kinds.get(kind, 0.0) for kind in slow_kinds}
    named = sorted((kind for kind in gains if gains[kind] >= _LARGE * whole), key=gains.__getitem__, reverse=True)
    if not named:
        return ()
    parts = [
        f"{words.kinds(kind)} {units.seconds(slow_kinds[kind])} against {units.seconds(fast_kinds.get(kind, 0.0))}"
        for kind in named[:3]
    ]
    flops = units.ratio(summary.share(slow.totals.flops, fast.totals.flops))
    sentence = (
        f"{names[order[-1]]} does {flops} the FLOPs of {names[order[0]]} and is predicted to need "
        f"{units.seconds(whole)} more a step: {', '.join(parts)}."
    )
    return (Finding("difference", sentence),)


def _per_image(report: Report) -> float:
    return report.totals.seconds / report.workload.batch_size
