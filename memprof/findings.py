"""What a report says, in sentences: which ceiling binds the model, which operators cost more than their FLOPs, and why.

Every word follows from the report's figures. Shares of time are of the predicted time and say so; what is said about
ceilings compares least possible times with one another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from memprof import footprint, pace, summary, units, words
from memprof.report import OperatorRow, Report
from memprof.summary import Group

_DEPTHWISE = "depthwise convolution"
_STREAMING = ("normalization", "elementwise", "reduction", "pooling", "optimizer")
_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_HEADLINE = 0.08
"""Least excess of a kind's share of time over its share of FLOPs that earns a place in the headline."""
_ALL = 0.995


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a report; `code` is stable and says what it is about."""

    code: str
    sentence: str


def findings(report: Report) -> tuple[Finding, ...]:
    """Say what binds the model and why, most important first."""
    if not any(row.seconds for row in report.operators):
        return (Finding("empty", "No operator of this report takes any time: there is nothing to explain."),)
    sayings = (
        ("memory", footprint.sentence(report)),
        ("prediction", pace.prediction(report)),
        ("bounds", _bounds(report)),
        ("launches", pace.launches(report)),
        ("depthwise", _depthwise(report)),
        ("streaming", _streaming(report)),
        ("copies", _copies(report)),
        ("engine", _engine(report)),
        ("ridge", _ridge(report)),
        ("phases", _phases(report)),
        ("where", _where(report)),
    )
    return tuple(Finding(code, sentence) for code, sentence in sayings if sentence)


def headline(report: Report) -> str:
    """Say the one thing to remember, short enough for a title."""
    costly = [kind for kind in summary.by_kind(report) if kind.time_share - kind.flops_share >= _HEADLINE][:3]
    if costly:
        names = words.enumerate_words([words.kinds(kind.name) for kind in costly])
        flops, time = sum(kind.flops_share for kind in costly), sum(kind.time_share for kind in costly)
        return _sentence_case(f"{names}: {units.share(flops)} of the FLOPs, {units.share(time)} of the predicted time")
    bounds = summary.by_bound(report)
    if not bounds or not bounds[0].seconds:
        return "nothing to compute or move"
    return f"{units.share(bounds[0].time_share)} of the predicted time is bound by {words.bound(bounds[0].name)}"


def coverage(report: Report) -> str:
    """Say how much of the profile the figures cover, and what is missing from them."""
    cover = report.coverage
    free = (
        f"; {units.count(cover.free_calls)} further calls only make views and move nothing" if cover.free_calls else ""
    )
    if not cover.unknown:
        return f"Every operator call is accounted for{free}."
    names = [f"{item.name} ({item.calls} {'call' if item.calls == 1 else 'calls'})" for item in cover.unknown]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"{units.coverage(cover.calls)} of the operator calls and {units.coverage(cover.bytes)} of the bytes are "
        f"accounted for{free}. No formula, hence in no total: {', '.join(names[:5])}{more}."
    )


def _bounds(report: Report) -> str:
    bounds = summary.by_bound(report)
    if bounds[0].time_share >= _ALL:
        return f"All of the predicted time is bound by {words.bound(bounds[0].name)}."
    said = [bound for bound in bounds if bound.time_share >= 0.005][:4]
    first = f"{units.share(said[0].time_share)} of the predicted time is bound by {words.bound(said[0].name)}"
    parts = [first, *(f"{units.share(bound.time_share)} by {words.bound(bound.name)}" for bound in said[1:])]
    memory = summary.bound_share(report, *words.LEVELS)
    waiting = f": for {units.share(memory)} of it arithmetic waits for data" if 0 < memory < _ALL else ""
    return f"{words.enumerate_words(parts)}{waiting}."


def _depthwise(report: Report) -> str:
    found = _kind(report, _DEPTHWISE)
    if found is None or found.time_share < _WORTH_SAYING / 2:
        return ""
    link = "but" if found.time_share > 1.5 * found.flops_share else "and"
    text = (
        f"Depthwise convolutions do {units.share(found.flops_share)} of the FLOPs {link} take "
        f"{units.share(found.time_share)} of the predicted time. {_per_output(report, found)}"
    )
    forward = _together(report, [row for row in found.rows if row.phase == "forward"])
    if forward.rows and forward.bound != found.bound:
        longest = sum(row.seconds for row in found.rows if row.bound == found.bound) / found.seconds
        text += f" Over the whole step {words.binds(found.bound)} for {units.share(longest)} of their time."
    dram_only = sum(_dram_or_arithmetic(report, row) for row in found.rows)
    hidden = summary.share(found.roofline_seconds, dram_only)
    if found.bound in ("l1", "l2") and hidden > 1.2:
        text += f" Judged by their DRAM traffic alone, they could at best be {units.ratio(hidden)} as fast."
    if found.engine != "tensor" and "tensor" in report.device.peak_flops_per_second:
        text += " With one filter per channel there is no matrix product for the tensor cores."
    return text


def _per_output(report: Report, depthwise: Group) -> str:
    """Say what an output of a forward convolution needs, from the weights' shapes, and what binds because of it."""
    known = [row for row in depthwise.rows if row.phase == "forward" and len(row.input_shapes) > 1 and row.flops]
    taps = [math.prod(row.input_shapes[1][1:]) for row in known]
    forward = _together(report, known)
    if not known or not all(taps) or forward.bound not in words.LEVELS:
        return f"{_sentence_case(_why(report, depthwise))}."
    # An output takes a multiply-add per tap and, where there is a bias, one addition more.
    per_output = [2 * tap + (len(row.input_shapes) > 2) for row, tap in zip(known, taps, strict=True)]
    outputs = sum(row.flops / flops for row, flops in zip(known, per_output, strict=True))
    each = f"{min(taps)}" if min(taps) == max(taps) else f"{min(taps)} to {max(taps)}"
    average = "" if min(taps) == max(taps) else " on average"
    when = " of the forward pass" if len(known) < len(depthwise.rows) else ""
    moved = units.few_bytes(forward.bytes_at(forward.bound) / outputs)
    return (
        f"Each output{when} needs only {each} multiply-adds but moves {moved} through {words.level(forward.bound)}"
        f"{average}: {_why(report, forward)}."
    )


def _why(report: Report, group: Group) -> str:
    """Say which bound takes most of a group's time and how far its intensity lies below the ridge point."""
    at_bound = sum(row.seconds for row in group.rows if row.bound == group.bound)
    mostly = "mostly " if at_bound < 0.95 * group.seconds else ""
    binds = f"{mostly}{words.binds(group.bound)}"
    if group.bound not in words.LEVELS:
        return binds
    intensity, ridge = group.intensity(group.bound), ridge_point(report, group.bound, group.engine)
    if intensity is None or ridge is None or intensity >= ridge:
        return binds
    return (
        f"{units.intensity(intensity)} FLOP per {words.level(group.bound)} byte, where the "
        f"{words.engine(group.engine)} need {units.intensity(ridge)} to be busy, so {binds}, not arithmetic"
    )


def _streaming(report: Report) -> str:
    kinds = [kind for kind in summary.by_kind(report) if kind.name in _STREAMING and kind.bound in words.LEVELS]
    kinds = [kind for kind in kinds if kind.time_share >= _WORTH_SAYING / 2]
    if sum(kind.time_share for kind in kinds) < _WORTH_SAYING:
        return ""
    whole = _together(report, [row for kind in kinds for row in kind.rows])
    several = len(kinds) > 1
    names = [words.kinds(kind.name) + (f" ({units.share(kind.time_share)})" if several else "") for kind in kinds]
    verb = "takes" if not several and words.is_singular(kinds[0].name) else "take"
    return _sentence_case(
        f"{words.enumerate_words(names)} {verb} {units.share(whole.time_share)} of the predicted time for "
        f"{units.share(whole.flops_share)} of the FLOPs: {_why(report, whole)}."
    )


def _copies(report: Report) -> str:
    rows = [row for row in report.operators if not row.flops and row.seconds]
    copies = _together(report, rows)
    if not rows or copies.time_share < _WORTH_SAYING:
        return ""
    names = list(dict.fromkeys(words.operator(row.name) for row in sorted(rows, key=lambda row: -row.seconds)))
    return (
        f"{units.share(copies.time_share)} of the predicted time goes to operators that compute nothing and only "
        f"move {units.byte_count(copies.dram_bytes)} ({', '.join(names[:3])})."
    )


def _engine(report: Report) -> str:
    """Say how long the engine that does most of the FLOPs needs at its peak, and where the rest of the time goes."""
    main = _main_engine(report)
    peak = report.device.peak_flops_per_second.get(main.name) if main else None
    if main is None or not peak:
        return ""
    total = sum(row.seconds for row in report.operators)
    text = (
        f"At {units.flops_per_second(peak)} the {words.engine(main.name)} need {units.seconds(main.flops / peak)} of "
        f"the predicted {units.seconds(total)} for their {units.share(main.flops_share)} of the FLOPs"
    )
    waits = {
        group.name: (group.seconds - sum(row.flops for row in group.rows if row.engine == main.name) / peak) / total
        for group in summary.by_kind(report)
    }
    idle = sum(waits.values())
    if idle < _WORTH_SAYING:
        return f"{text}: they are always busy."
    longest = sorted(waits, key=waits.__getitem__, reverse=True)[:3]
    parts = [f"{units.share(waits[kind])} in {words.kinds(kind)}" for kind in longest if waits[kind] > 0.03 * idle]
    rest = f"for the other {units.share(idle)} of the time they wait or run below their peak"
    return f"{text}; {rest}: {words.enumerate_words(parts)}."


def _ridge(report: Report) -> str:
    whole, main = _together(report, report.operators), _main_engine(report)
    ridge = ridge_point(report, "dram", main.name) if main else None
    intensity = whole.intensity("dram")
    if main is None or ridge is None or intensity is None:
        return ""
    text = (
        f"The whole step does {units.intensity(intensity)} FLOP per byte of DRAM traffic; the "
        f"{words.engine(main.name)} need {units.intensity(ridge)} (the ridge point) to be busy"
    )
    memory = summary.bound_share(report, *words.LEVELS)
    if intensity < ridge:
        return f"{text}, {units.ratio(ridge / intensity)} as much."
    if memory > 0.1:
        return f"{text}. On average that is enough; but the work is spread unevenly, and memory binds part of it."
    return f"{text}: enough for arithmetic to bind."


def _phases(report: Report) -> str:
    phases = summary.by_phase(report)
    if len(phases) < 2:
        return ""
    parts = [f"{phase.name} {units.share(phase.time_share)}" for phase in phases]
    return f"Of the predicted time, {words.enumerate_words(parts)}."


def _where(report: Report) -> str:
    modules = summary.by_module(report)
    if len(modules) < 2 or modules[0].time_share < 2 / len(modules):  # modules alike are no finding
        return ""
    first = modules[0]
    return (
        f"{first.name} takes the most time of all modules: {units.share(first.time_share)} of the predicted time, "
        f"for {units.share(first.flops_share)} of the FLOPs."
    )


def ridge_point(report: Report, level: str, engine: str) -> float | None:
    """Return the FLOP per byte at which `engine` keeps up with memory `level`; None where a ceiling is unknown."""
    peak = report.device.peak_flops_per_second.get(engine)
    bandwidth = report.device.memory_bytes_per_second.get(level)
    return peak / bandwidth if peak and bandwidth else None


def _dram_or_arithmetic(report: Report, row: OperatorRow) -> float:
    """Return the seconds that a roofline with DRAM as its only memory would give."""
    bandwidth = report.device.memory_bytes_per_second.get("dram")
    peak = report.device.peak_flops_per_second.get(row.engine)
    return max(row.dram_bytes / bandwidth if bandwidth else 0, row.flops / peak if peak else 0)


def _kind(report: Report, name: str) -> Group | None:
    return next((group for group in summary.by_kind(report) if group.name == name), None)


def _main_engine(report: Report) -> Group | None:
    engines = [engine for engine in summary.group_by(report, lambda row: row.engine) if engine.flops]
    return max(engines, key=lambda engine: engine.flops, default=None)


def _together(report: Report, rows: Sequence[OperatorRow]) -> Group:
    flops = sum(row.flops for row in report.operators)
    return summary.sum_rows("", rows, flops, sum(row.seconds for row in report.operators))


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
