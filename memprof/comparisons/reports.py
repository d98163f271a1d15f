"""Several reports against each other: which model is fastest, measured or predicted, and where the difference lies."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.findings.binding import Finding, headline
from memprof.report import digest, groups
from memprof.report.record import Report

_LARGE = 0.25
"""Least fraction of the whole difference that a kind must explain to be named."""


def compare(reports: Sequence[Report]) -> tuple[Finding, ...]:
    """Say which of several reports is fastest, measured or else predicted, and which kinds make the difference."""
    if len(reports) < 2:
        return ()
    differing = [name.replace("_", " ") for name in groups.differences(reports)]
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
    names = groups.labels(reports)
    order = sorted(range(len(reports)), key=lambda index: _per_image(reports[index]))
    parts = [f"{names[index]} {_said(reports, index)}" for index in order[:4]]
    return f"{time_per_image(reports)}: {', '.join(parts)}{', …' if len(order) > 4 else ''}"


def _order(reports: Sequence[Report]) -> str:
    names = groups.labels(reports)
    first, *others = sorted(range(len(reports)), key=lambda index: _per_image(reports[index]))
    least = _per_image(reports[first])
    parts = [
        f"{names[index]} {_said(reports, index)}"
        + (f" ({units.ratio(_per_image(reports[index]) / least)})" if least else "")
        for index in others
    ]
    best = f"{names[first]} {_said(reports, first)}"
    return f"{time_per_image(reports)}: {best}, {words.enumerate_words(parts)}."


def _difference(reports: Sequence[Report]) -> tuple[Finding, ...]:
    """Name the kinds that make up most of the difference between the slowest and the fastest report."""
    if len({groups.is_measured(report) for report in reports}) > 1:
        return ()
    names = groups.labels(reports)
    order = sorted(range(len(reports)), key=lambda index: digest.step_seconds(reports[index]))
    fast, slow = reports[order[0]], reports[order[-1]]
    whole = digest.step_seconds(slow) - digest.step_seconds(fast)
    if whole <= 0.02 * digest.step_seconds(slow):
        return ()
    fast_kinds, slow_kinds = _kinds(fast), _kinds(slow)
    gains = {kind: slow_kinds[kind] - fast_kinds.get(kind, 0.0) for kind in slow_kinds}
    named = sorted((kind for kind in gains if gains[kind] >= _LARGE * whole), key=gains.__getitem__, reverse=True)
    if not named:
        return ()
    parts = [
        f"{words.kinds(kind)} {units.seconds(slow_kinds[kind])} against {units.seconds(fast_kinds.get(kind, 0.0))}"
        for kind in named[:3]
    ]
    flops = units.ratio(groups.share(_step_flops(slow), _step_flops(fast)))
    needs = "needs" if groups.is_measured(slow) else "is predicted to need"
    sentence = (
        f"{names[order[-1]]} does {flops} the FLOPs of {names[order[0]]} and {needs} {units.seconds(whole)} more a "
        f"step: {', '.join(parts)}."
    )
    return (Finding("difference", sentence),)


def _kinds(report: Report) -> dict[str, float]:
    """Return the time of each kind of operator in one step."""
    return {group.name: group.time_seconds / digest.steps(report) for group in groups.by_kind(report)}


def _step_flops(report: Report) -> float:
    return report.totals.flops / digest.steps(report)


def _per_image(report: Report) -> float:
    return digest.image_seconds(report)


def _said(reports: Sequence[Report], index: int) -> str:
    """Return the time of an image; where only some were measured, with whether this one was."""
    text = units.seconds(_per_image(reports[index]))
    if len({groups.is_measured(report) for report in reports}) == 1:
        return text
    return f"{text} {'measured' if groups.is_measured(reports[index]) else 'predicted'}"


def time_per_image(reports: Sequence[Report]) -> str:
    """Return what is compared: "Predicted time per image"."""
    nouns = {digest.noun(report) for report in reports}
    noun = "image" if nouns == {"images"} else "sample"
    names = {groups.time_name(report) for report in reports}
    name = names.pop() if len(names) == 1 else "time"
    return f"{name[:1].upper()}{name[1:]} per {noun}"
