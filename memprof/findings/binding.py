"""What a report says, in sentences: which ceiling binds the model, which operators cost more than their FLOPs, and why.

Every word follows from the report's figures. Shares of time are of the measured time where something was measured,
otherwise of the predicted time, and say so; what is said about ceilings compares least possible times with one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from memprof import units, words
from memprof.findings import lost, phrases, prediction
from memprof.findings import memory as footprint
from memprof.report import groups
from memprof.report.groups import Group
from memprof.report.record import OperatorRow, Report
from memprof.vocabulary import MEMORY_LEVELS

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
    if not any(groups.took(report, row) for row in report.operators):
        return (Finding("empty", "No operator of this report takes any time: there is nothing to explain."),)
    sayings = (
        ("memory", footprint.sentence(report)),
        *(_of_measured(report) if groups.is_measured(report) else (("prediction", prediction.prediction(report)),)),
        ("bounds", _bounds(report)),
        ("launches", "" if groups.is_measured(report) else prediction.launches(report)),
        ("depthwise", _depthwise(report)),
        ("streaming", _streaming(report)),
        ("copies", _copies(report)),
        ("engine", _engine(report)),
        ("ridge", _ridge(report)),
        ("phases", _phases(report)),
        ("where", _where(report)),
    )
    return tuple(Finding(code, sentence) for code, sentence in sayings if sentence)


def _of_measured(report: Report) -> tuple[tuple[str, str], ...]:
    return (
        ("measured", lost.measured(report)),
        ("reached", lost.reached(report)),
        ("lost", lost.lost(report)),
        ("above-roof", lost.above(report)),
        ("device", lost.device(report)),
        ("beside", lost.beside(report)),
        ("counters", lost.traffic(report)),
        ("timing", lost.timing(report)),
    )


def headline(report: Report) -> str:
    """Say the one thing to remember, short enough for a title."""
    if groups.is_measured(report):
        return lost.headline(report)
    costly = [kind for kind in groups.by_kind(report) if kind.time_share - kind.flops_share >= _HEADLINE][:3]
    if costly:
        names = words.enumerate_words([words.kinds(kind.name) for kind in costly])
        flops, time = sum(kind.flops_share for kind in costly), sum(kind.time_share for kind in costly)
        whole = f"the {groups.time_name(report)}"
        return phrases.sentence_case(f"{names}: {units.share(flops)} of the FLOPs, {units.share(time)} of {whole}")
    bounds = groups.by_bound(report)
    if not bounds or not bounds[0].time_seconds:
        return "nothing to compute or move"
    return f"{phrases.of_time(report, bounds[0].time_share)} is bound by {phrases.bound(report, bounds[0])}"


def coverage(report: Report) -> str:
    """Say how much of the profile the figures cover, and what is missing from them."""
    cover = report.coverage
    free = (
        f"; {units.count(cover.free_calls)} further calls only make views and move nothing" if cover.free_calls else ""
    )
    of_time = _attributed(report)
    if not cover.unknown:
        return f"Every operator call is accounted for{free}.{of_time}"
    names = [f"{item.name} ({item.calls} {'call' if item.calls == 1 else 'calls'})" for item in cover.unknown]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    total = "sum of FLOPs or bytes" if groups.is_measured(report) else "total"
    return (
        f"{units.coverage(cover.calls)} of the operator calls and {units.coverage(cover.bytes)} of the bytes are "
        f"accounted for{free}. No formula, hence in no {total}: {', '.join(names[:5])}{more}.{of_time}"
    )


def _attributed(report: Report) -> str:
    """Say what of the measured time belongs to operators with recorded shapes."""
    if report.measured is None:
        return ""
    whose = "the device's kernels" if report.measured.device_time else "the calls"
    share = units.coverage(report.measured.attributed_share)
    return f" {share} of the time of {whose} belongs to operators with recorded shapes."


def _bounds(report: Report) -> str:
    bounds = groups.by_bound(report)
    if bounds[0].time_share >= _ALL:
        return f"All of the {groups.time_name(report)} is bound by {phrases.bound(report, bounds[0])}."
    said = [bound for bound in bounds if bound.time_share >= 0.005][:4]
    verb = "is spent in operators bound" if groups.is_measured(report) else "is bound"
    first = f"{phrases.of_time(report, said[0].time_share)} {verb} by {phrases.bound(report, said[0])}"
    parts = [first, *(f"{units.share(bound.time_share)} by {phrases.bound(report, bound)}" for bound in said[1:])]
    memory = groups.bound_share(report, *MEMORY_LEVELS)
    waiting = f": for {units.share(memory)} of it arithmetic waits for data" if 0 < memory < _ALL else ""
    return f"{words.enumerate_words(parts)}{waiting}."


def _depthwise(report: Report) -> str:
    found = _kind(report, _DEPTHWISE)
    if found is None or found.time_share < _WORTH_SAYING / 2:
        return ""
    link = "but" if found.time_share > 1.5 * found.flops_share else "and"
    text = (
        f"Depthwise convolutions do {units.share(found.flops_share)} of the FLOPs {link} take "
        f"{phrases.of_time(report, found.time_share)}. {_per_output(report, found)}"
    )
    forward = groups.together(report, [row for row in found.rows if row.phase == "forward"])
    if forward.rows and forward.bound != found.bound:
        longest = phrases.bound_seconds(report, found) / found.time_seconds
        text += f" Over the whole step {phrases.binds(report, found)} for {units.share(longest)} of their time."
    dram_only = sum(_dram_or_arithmetic(report, row) for row in found.rows)
    hidden = groups.share(found.roofline_seconds, dram_only)
    if found.bound in ("l1", "l2") and hidden > 1.2:
        text += f" Judged by their DRAM traffic alone, they could at best be {units.ratio(hidden)} as fast."
    if found.engine != "tensor" and "tensor" in report.device.peak_flops_per_second:
        text += f" With one filter per channel there is no matrix product for the {phrases.engine(report, 'tensor')}."
    return text


def _per_output(report: Report, depthwise: Group) -> str:
    """Say what an output of a forward convolution needs, from the weights' shapes, and what binds because of it."""
    known = [row for row in depthwise.rows if row.phase == "forward" and len(row.input_shapes) > 1 and row.flops]
    taps = [math.prod(row.input_shapes[1][1:]) for row in known]
    forward = groups.together(report, known)
    if not known or not all(taps) or forward.bound not in MEMORY_LEVELS:
        return f"{phrases.sentence_case(phrases.why(report, depthwise))}."
    # An output takes a multiply-add per tap and, where there is a bias, one addition more.
    per_output = [2 * tap + (len(row.input_shapes) > 2) for row, tap in zip(known, taps, strict=True)]
    outputs = sum(row.flops / flops for row, flops in zip(known, per_output, strict=True))
    each = f"{min(taps)}" if min(taps) == max(taps) else f"{min(taps)} to {max(taps)}"
    average = "" if min(taps) == max(taps) else " on average"
    when = " of the forward pass" if len(known) < len(depthwise.rows) else ""
    moved = units.few_bytes(forward.bytes_at(forward.bound) / outputs)
    return (
        f"Each output{when} needs only {each} multiply-adds but moves {moved} through {words.level(forward.bound)}"
        f"{average}: {phrases.why(report, forward)}."
    )


def _streaming(report: Report) -> str:
    kinds = [kind for kind in groups.by_kind(report) if kind.name in _STREAMING and kind.bound in MEMORY_LEVELS]
    kinds = [kind for kind in kinds if kind.time_share >= _WORTH_SAYING / 2]
    if sum(kind.time_share for kind in kinds) < _WORTH_SAYING:
        return ""
    whole = groups.together(report, [row for kind in kinds for row in kind.rows])
    several = len(kinds) > 1
    names = [words.kinds(kind.name) + (f" ({units.share(kind.time_share)})" if several else "") for kind in kinds]
    verb = "takes" if not several and words.is_singular(kinds[0].name) else "take"
    return phrases.sentence_case(
        f"{words.enumerate_words(names)} {verb} {phrases.of_time(report, whole.time_share)} for "
        f"{units.share(whole.flops_share)} of the FLOPs: {phrases.why(report, whole)}."
    )


def _copies(report: Report) -> str:
    rows = [row for row in report.operators if not row.flops and row.dram_bytes and groups.took(report, row)]
    copies = groups.together(report, rows)
    if not rows or copies.time_share < _WORTH_SAYING:
        return ""
    slowest = sorted(rows, key=lambda row: -groups.took(report, row))
    names = list(dict.fromkeys(words.operator(row.name) for row in slowest))
    return (
        f"{phrases.of_time(report, copies.time_share)} goes to operators that compute nothing and only "
        f"move {units.byte_count(copies.dram_bytes)} ({', '.join(names[:3])})."
    )


def _engine(report: Report) -> str:
    """Say how long the engine that does most of the FLOPs needs at its peak, and where the rest of the time goes."""
    main = _main_engine(report)
    peak = report.device.peak_flops_per_second.get(main.name) if main else None
    if main is None or not peak:
        return ""
    kinds = groups.by_kind(report)
    _, total = groups.wholes(report)
    taken = groups.time_name(report).removesuffix(" time")
    text = (
        f"At {units.flops_per_second(peak)} the {phrases.engine(report, main.name)} need "
        f"{units.seconds(main.flops / peak)} of the {taken} {units.seconds(total)} for their "
        f"{units.share(main.flops_share)} of the FLOPs"
    )
    own = {kind.name: sum(row.flops for row in kind.rows if row.engine == main.name) for kind in kinds}
    waits = {kind.name: (kind.time_seconds - own[kind.name] / peak) / total for kind in kinds}
    idle = sum(waits.values())
    if idle < _WORTH_SAYING:
        return f"{text}: they are always busy."
    longest = sorted(waits, key=waits.__getitem__, reverse=True)[:3]
    parts = [f"{units.share(waits[kind])} in {words.kinds(kind)}" for kind in longest if waits[kind] > 0.03 * idle]
    rest = f"for the other {units.share(idle)} of the time they wait or run below their peak"
    return f"{text}; {rest}: {words.enumerate_words(parts)}."


def _ridge(report: Report) -> str:
    whole, main = groups.together(report, report.operators), _main_engine(report)
    ridge = phrases.ridge_point(report, "dram", main.name) if main else None
    intensity = whole.intensity("dram")
    if main is None or ridge is None or intensity is None:
        return ""
    text = (
        f"The whole step does {units.intensity(intensity)} FLOP per byte of DRAM traffic; the "
        f"{phrases.engine(report, main.name)} need {units.intensity(ridge)} (the ridge point) to be busy"
    )
    memory = groups.bound_share(report, *MEMORY_LEVELS)
    if intensity < ridge:
        return f"{text}, {units.ratio(ridge / intensity)} as much."
    if memory > 0.1:
        return f"{text}. On average that is enough; but the work is spread unevenly, and memory binds part of it."
    return f"{text}: enough for arithmetic to bind."


def _phases(report: Report) -> str:
    phases = groups.by_phase(report)
    if len(phases) < 2:
        return ""
    parts = [f"{phase.name} {units.share(phase.time_share)}" for phase in phases]
    return f"Of the {groups.time_name(report)}, {words.enumerate_words(parts)}."


def _where(report: Report) -> str:
    modules = groups.by_module(report)
    if len(modules) < 2 or modules[0].time_share < 2 / len(modules):  # modules alike are no finding
        return ""
    first = modules[0]
    return (
        f"{first.name} takes the most time of all modules: {phrases.of_time(report, first.time_share)}, "
        f"for {units.share(first.flops_share)} of the FLOPs."
    )


def _dram_or_arithmetic(report: Report, row: OperatorRow) -> float:
    """Return the seconds that a roofline with DRAM as its only memory would give."""
    bandwidth = report.device.memory_bytes_per_second.get("dram")
    peak = report.device.peak_flops_per_second.get(row.engine)
    return max(row.dram_bytes / bandwidth if bandwidth else 0, row.flops / peak if peak else 0)


def _kind(report: Report, name: str) -> Group | None:
    return next((group for group in groups.by_kind(report) if group.name == name), None)


def _main_engine(report: Report) -> Group | None:
    engines = [engine for engine in groups.group_by(report, lambda row: row.engine) if engine.flops]
    return max(engines, key=lambda engine: engine.flops, default=None)
