"""The calls of a trace beside those of the simulation of its model: by their shapes, or by their order.

Without shapes, what is known of a call is its name and its place. Families of operators that both sides call equally
often in a phase are lined up call by call, and only if they follow one another in the same order on both sides: an
order that differs tells of another network. Nothing is lined up by resemblance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from memprof.calls import OperatorCall
from memprof.comparisons.alignment import OPTIMIZER, Key, call_key
from memprof.vocabulary import Phase

FEW = 2
"""Families with so few calls in a step (a loss, say) may stand at another place: then they are left out alone."""


@dataclass(frozen=True, slots=True)
class Match:
    """Calls that are the same: places of the simulated ones, and those of all the trace's steps."""

    simulated: tuple[int, ...]
    measured: tuple[OperatorCall, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Calls of one family and phase (and, where they are known, shapes) that are not lined up, and why."""

    operator: str
    phase: str
    shapes: tuple[tuple[int, ...], ...]
    simulated: tuple[int, ...]
    measured: tuple[OperatorCall, ...]
    reason: str


Places = Mapping[Key, Sequence[int]]


def line_up(
    measured: Sequence[OperatorCall], simulated: Sequence[OperatorCall], steps: int, *, by_shapes: bool
) -> tuple[list[Match], list[Mismatch]]:
    """Line the calls of `steps` measured steps up with those of a simulated one, both in the order they were made.

    The optimizer's calls are one match: what it does in one call per parameter or in one for all is its choice.
    """
    theirs, ours = _places(measured, by_shapes), _places(simulated, by_shapes)
    reasons = {key: _count_reason(key, theirs, ours, steps) for key in {**ours, **theirs}}
    if not by_shapes:
        for phase in (Phase.FORWARD, Phase.BACKWARD):
            equal = [key for key in ours if key[1] == phase and not reasons[key]]
            reasons |= _order_reasons(equal, theirs, ours, steps)
    matches, mismatches = [], []
    for key, reason in reasons.items():
        places, calls = ours.get(key, ()), [measured[place] for place in theirs.get(key, ())]
        if reason:
            mismatches.append(Mismatch(*key, tuple(places), tuple(calls), reason))
        elif key[0] == OPTIMIZER:
            matches.append(Match(tuple(places), tuple(calls)))
        else:
            matches += [Match((place,), tuple(calls[index :: len(places)])) for index, place in enumerate(places)]
    return sorted(matches, key=lambda match: match.simulated), mismatches


def _places(calls: Sequence[OperatorCall], by_shapes: bool) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = defaultdict(list)
    for place, call in enumerate(calls):
        shapes = [tensor.shape for tensor in call.tensors()] if by_shapes else []
        groups[call_key(call.name, str(call.phase), shapes)].append(place)
    return dict(groups)


def _count_reason(key: Key, theirs: Places, ours: Places, steps: int) -> str:
    """Return why the two sides' calls of a kind differ in number, "" where they do not."""
    if key not in ours:
        return "the simulation has none"
    if key not in theirs:
        return "the trace has none"
    count, wanted = len(theirs[key]) / steps, len(ours[key])
    if count == wanted or key[0] == OPTIMIZER:
        return ""
    return f"{count:.3g} calls a step in the trace, {wanted} in the simulation"


def _order_reasons(keys: Sequence[Key], theirs: Places, ours: Places, steps: int) -> dict[Key, str]:
    """Return why calls of these kinds, of one phase, are not lined up by order; those that are, are not in it."""
    accepted = [key for key in keys if len(ours[key]) > FEW]
    difference = _difference(accepted, theirs, ours, steps)
    if difference:
        return dict.fromkeys(keys, difference)
    reasons = {}
    for key in keys:
        if key in accepted:
            continue
        difference = _difference([*accepted, key], theirs, ours, steps)
        if difference:
            reasons[key] = difference
        else:
            accepted.append(key)
    return reasons


def _difference(keys: Sequence[Key], theirs: Places, ours: Places, steps: int) -> str:
    """Return where the order of the calls of these kinds first differs, "" where it is the same on both sides."""
    for index, (their, our) in enumerate(zip(_order(keys, theirs), _order(keys, ours) * steps, strict=True)):
        if their != our:
            return f"another order: call {index + 1} is {their[0]} in the trace, {our[0]} in the simulation"
    return ""


def _order(keys: Iterable[Key], places: Places) -> list[Key]:
    return [key for _, key in sorted((place, key) for key in keys for place in places[key])]
