"""Which ceiling binds the model, which operators cost more than their FLOPs, and why.

Each sentence is "" where there is nothing to say.
"""

from __future__ import annotations

import math

from memprof import units, words
from memprof.findings import phrases
from memprof.report.digest import Digest
from memprof.report.groups import Group, share
from memprof.report.record import OperatorRow
from memprof.vocabulary import DRAM, ISSUE, L1, L2, MEMORY_LEVELS, TENSOR, Kind, Phase

_STREAMING = (Kind.NORMALIZATION, Kind.ELEMENTWISE, Kind.REDUCTION, Kind.POOLING, Kind.OPTIMIZER)
_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_HEADLINE = 0.08
"""Least excess of a kind's share of time over its share of FLOPs that earns a place in the headline."""
_ALL = 0.995


def headline(digest: Digest) -> str:
    """Say which kinds take more than their share of FLOPs, or else which ceiling binds, short enough for a title."""
    costly = [kind for kind in digest.kinds if kind.time_share - kind.flops_share >= _HEADLINE][:3]
    if costly:
        names = words.enumerate_words([words.kinds(kind.name) for kind in costly])
        flops, time = sum(kind.flops_share for kind in costly), sum(kind.time_share for kind in costly)
        whole = f"the {digest.time.name}"
        return phrases.sentence_case(f"{names}: {units.share(flops)} of the FLOPs, {units.share(time)} of {whole}")
    bounds = digest.bounds
    if not bounds or not bounds[0].time_seconds:
        return "nothing to compute or move"
    return f"{phrases.time_share(digest, bounds[0].time_share)} is bound by {phrases.bound(digest, bounds[0])}"


def bounds(digest: Digest) -> str:
    """Divide the time among the ceilings that bind it."""
    bounds = digest.bounds
    if bounds[0].time_share >= _ALL:
        return f"All of the {digest.time.name} is bound by {phrases.bound(digest, bounds[0])}."
    shown = [bound for bound in bounds if bound.time_share >= 0.005][:4]
    first = (
        f"{phrases.time_share(digest, shown[0].time_share)} {digest.time.bound} by {phrases.bound(digest, shown[0])}"
    )
    parts = [first, *(f"{units.share(bound.time_share)} by {phrases.bound(digest, bound)}" for bound in shown[1:])]
    memory = digest.bound_share(*MEMORY_LEVELS)
    waiting = f": for {units.share(memory)} of it arithmetic waits for data" if 0 < memory < _ALL else ""
    return f"{words.enumerate_words(parts)}{waiting}."


def depthwise(digest: Digest) -> str:
    """Say what depthwise convolutions do and take, what binds them, and what DRAM alone would hide."""
    group = digest.kind(Kind.DEPTHWISE)
    if group is None or group.time_share < _WORTH_SAYING / 2:
        return ""
    link = "but" if group.time_share > 1.5 * group.flops_share else "and"
    text = (
        f"Depthwise convolutions do {units.share(group.flops_share)} of the FLOPs {link} take "
        f"{phrases.time_share(digest, group.time_share)}. {_output_costs(digest, group)}"
    )
    forward = digest.sum_rows([row for row in group.rows if row.phase == Phase.FORWARD])
    if forward.rows and forward.bound != group.bound:
        longest = group.seconds_at_bound / group.time_seconds
        clause = phrases.binding_clause(digest, group)
        text += f" Over the whole step {clause} for {units.share(longest)} of their time."
    dram_only = sum(_dram_or_arithmetic(digest, row) for row in group.rows)
    hidden = share(group.roofline_seconds, dram_only)
    if group.bound in (L1, L2, ISSUE) and hidden > 1.2:
        text += f" Judged by their DRAM traffic alone, they could at best be {units.ratio(hidden)} as fast."
    if group.engine != TENSOR and TENSOR in digest.device.peak_flops_per_second:
        text += f" With one filter per channel there is no matrix product for the {phrases.engine(digest, 'tensor')}."
    return text


def _output_costs(digest: Digest, depthwise: Group) -> str:
    """Say what an output of a forward convolution needs, from the weights' shapes, and what binds because of it."""
    known = [row for row in depthwise.rows if row.phase == Phase.FORWARD and len(row.input_shapes) > 1 and row.flops]
    taps = [math.prod(row.input_shapes[1][1:]) for row in known]
    forward = digest.sum_rows(known)
    level = L1 if forward.bound == ISSUE else forward.bound
    if not known or not all(taps) or level not in MEMORY_LEVELS:
        return f"{phrases.sentence_case(phrases.reason(digest, depthwise))}."
    # An output takes a multiply-add per tap and, where there is a bias, one addition more.
    per_output = [2 * tap + (len(row.input_shapes) > 2) for row, tap in zip(known, taps, strict=True)]
    outputs = sum(row.flops / flops for row, flops in zip(known, per_output, strict=True))
    each = f"{min(taps)}" if min(taps) == max(taps) else f"{min(taps)} to {max(taps)}"
    average = "" if min(taps) == max(taps) else " on average"
    when = " of the forward pass" if len(known) < len(depthwise.rows) else ""
    moved = units.few_bytes(forward.bytes_at(level) / outputs)
    reason = _loads(digest, forward) if forward.bound == ISSUE else phrases.reason(digest, forward)
    return (
        f"Each output{when} needs only {each} multiply-adds but moves {moved} through {words.level(level)}"
        f"{average}: {reason}."
    )


def _loads(digest: Digest, forward: Group) -> str:
    """Say that the instructions which fetch the data bind, and how far the intensity at L1 lies below the ridge."""
    intensity, ridge = forward.intensity(L1), phrases.ridge_point(digest, L1, forward.engine)
    if intensity is None or ridge is None or intensity >= ridge:
        return phrases.binding_clause(digest, forward)
    return (
        f"{units.intensity(intensity)} FLOP per L1 byte, where the {phrases.engine(digest, forward.engine)} need "
        f"{units.intensity(ridge)} to be busy, so issuing the loads binds, not arithmetic"
    )


def streaming(digest: Digest) -> str:
    """Say what operators take that only pass over tensors, and why."""
    kinds = [kind for kind in digest.kinds if kind.name in _STREAMING and kind.bound in MEMORY_LEVELS]
    kinds = [kind for kind in kinds if kind.time_share >= _WORTH_SAYING / 2]
    if sum(kind.time_share for kind in kinds) < _WORTH_SAYING:
        return ""
    whole = digest.sum_rows([row for kind in kinds for row in kind.rows])
    several = len(kinds) > 1
    names = [words.kinds(kind.name) + (f" ({units.share(kind.time_share)})" if several else "") for kind in kinds]
    verb = "takes" if not several and words.is_singular(kinds[0].name) else "take"
    return phrases.sentence_case(
        f"{words.enumerate_words(names)} {verb} {phrases.time_share(digest, whole.time_share)} for "
        f"{units.share(whole.flops_share)} of the FLOPs: {phrases.reason(digest, whole)}."
    )


def copies(digest: Digest) -> str:
    """Say what operators take that compute nothing."""
    rows = [
        row for row in digest.report.operators if not row.flops and row.dram_bytes and digest.whole.row_seconds(row)
    ]
    copies = digest.sum_rows(rows)
    if not rows or copies.time_share < _WORTH_SAYING:
        return ""
    slowest = sorted(rows, key=lambda row: -digest.whole.row_seconds(row))
    names = list(dict.fromkeys(words.operator(row.name) for row in slowest))
    return (
        f"{phrases.time_share(digest, copies.time_share)} goes to operators that compute nothing and only "
        f"move {units.byte_count(copies.dram_bytes)} ({', '.join(names[:3])})."
    )


def engine(digest: Digest) -> str:
    """Say how long the engine that does most of the FLOPs needs at its peak, and where the rest of the time goes."""
    main = digest.main_engine
    peak = digest.device.peak_flops_per_second.get(main.name) if main else None
    if main is None or not peak:
        return ""
    kinds = digest.kinds
    total = digest.wholes.seconds
    taken = digest.time.adjective
    text = (
        f"At {units.flops_per_second(peak)} the {phrases.engine(digest, main.name)} need "
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


def ridge(digest: Digest) -> str:
    """Hold the step's intensity against the ridge point of the engine that does most of the FLOPs."""
    whole, main = digest.whole, digest.main_engine
    ridge = phrases.ridge_point(digest, DRAM, main.name) if main else None
    intensity = whole.intensity(DRAM)
    if main is None or ridge is None or intensity is None:
        return ""
    text = (
        f"The whole step does {units.intensity(intensity)} FLOP per byte of DRAM traffic; the "
        f"{phrases.engine(digest, main.name)} need {units.intensity(ridge)} (the ridge point) to be busy"
    )
    memory = digest.bound_share(*MEMORY_LEVELS)
    if intensity < ridge:
        return f"{text}, {units.ratio(ridge / intensity)} as much."
    if memory > 0.1:
        return f"{text}. On average that is enough; but the work is spread unevenly, and memory binds part of it."
    return f"{text}: enough for arithmetic to bind."


def phases(digest: Digest) -> str:
    """Divide the time among the phases of a step."""
    phases = digest.phases
    if len(phases) < 2:
        return ""
    parts = [f"{phase.name} {units.share(phase.time_share)}" for phase in phases]
    return f"Of the {digest.time.name}, {words.enumerate_words(parts)}."


def costliest_module(digest: Digest) -> str:
    """Name the module that takes the most time, where one stands out."""
    modules = digest.modules
    if len(modules) < 2 or modules[0].time_share < 2 / len(modules):  # modules alike are no finding
        return ""
    first = modules[0]
    return (
        f"{first.name} takes the most time of all modules: {phrases.time_share(digest, first.time_share)}, "
        f"for {units.share(first.flops_share)} of the FLOPs."
    )


def _dram_or_arithmetic(digest: Digest, row: OperatorRow) -> float:
    """Return the seconds that a roofline with DRAM as its only memory would give."""
    bandwidth = digest.device.memory_bytes_per_second.get(DRAM)
    peak = digest.device.peak_flops_per_second.get(row.engine)
    return max(row.dram_bytes / bandwidth if bandwidth else 0, row.flops / peak if peak else 0)
