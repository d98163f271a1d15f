"""Why operators of one kind take longer in one model than in another: what binds them, how much of it there is."""

from __future__ import annotations

from memprof import units, words
from memprof.findings.phrases import mostly_binding_clause
from memprof.report.groups import Group
from memprof.vocabulary import MEMORY_LEVELS, WAITING

_ALIKE = 0.1
"""Amounts that differ by less than this fraction do not explain a difference in time."""
_Named = tuple[str, Group]


def compare_groups(ours: _Named, theirs: _Named, family: str) -> str:
    """Compare two groups, each with its model's name, by the bound of the one that takes longer.

    `family` is that of the device.
    """
    (_, group), (_, other) = ours, theirs
    if not group.rows or not other.rows:
        present = group if group.rows else other
        return f"{mostly_binding_clause(present, family)}, {amount(present, present.bound)}"
    slow, fast = (group, other) if group.seconds >= other.seconds else (other, group)
    amounts = f"{amount(group, slow.bound)} against {_short(other, slow.bound)}"
    text = f"{mostly_binding_clause(slow, family)}, {amounts}"
    if fast.bound != slow.bound:
        name = theirs[0] if fast is other else ours[0]
        text += f"; in {name} {words.binding_clause(fast.bound, family)}"
    return text + _rates(group, other, slow)


def amount(group: Group, bound: str) -> str:
    """Say how much a group needs of what a bound limits: "1.24 TB through L1", "2.1 TFLOP", "54 kernels"."""
    if bound in MEMORY_LEVELS:
        return f"{units.byte_count(group.bytes_at(bound))} through {words.level(bound)}"
    if bound in WAITING:
        return f"{units.count(group.launches)} kernels"
    return units.flop_count(group.flops)


def _short(group: Group, bound: str) -> str:
    """Say the same amount without naming again what it is of."""
    return amount(group, bound).partition(" through ")[0].removesuffix(" kernels")


def _rates(group: Group, other: Group, slow: Group) -> str:
    """Say that the rates differ where the amounts do not explain the difference in time."""
    bound = slow.bound
    if bound in WAITING or not group.seconds or not other.seconds:
        return ""
    ours, theirs = _value(group, bound), _value(other, bound)
    if not theirs or not ours:
        return ""
    explained = (ours / theirs - 1) / (group.seconds / other.seconds - 1) if group.seconds != other.seconds else 1.0
    if explained > 0.5 or abs(group.seconds / other.seconds - 1) < _ALIKE:
        return ""
    rate = units.bytes_per_second if bound in MEMORY_LEVELS else units.flops_per_second
    rates = [float(f"{value / seconds:.3g}") for value, seconds in ((ours, group.seconds), (theirs, other.seconds))]
    return f"; what differs is the rate, {rate(rates[0])} against {rate(rates[1])}"


def _value(group: Group, bound: str) -> float:
    return group.bytes_at(bound) if bound in MEMORY_LEVELS else group.flops
