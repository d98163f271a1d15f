"""What differs between the calls of two matched modules: each difference by itself, not yet a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from memprof.gate.matching import Matching
from memprof.gate.modules import Amounts, Call, Module

NEW, GONE, MORE, FEWER = "new", "gone", "more calls", "fewer calls"
SHAPE, DTYPE, LAYOUT, BOUND, WORK = "shape", "dtype", "layout", "bound", "work"
_SAME_WORK = 1e-5
"""Relative difference of FLOPs and bytes up to which they are the same: baselines hold rounded figures."""


@dataclass(frozen=True)
class Difference:
    """Calls of one module that differ: `before` is None for what is new, `after` for what has gone.

    `delta` is after minus before. Where a whole module has come or gone, `whole` is that module, with all below it.
    """

    what: str
    module: str
    before: Call | None
    after: Call | None
    calls_before: int
    calls_after: int
    delta: Amounts
    whole: Module | None = None

    @property
    def call(self) -> Call:
        """Return the call as it is now, or was where it has gone."""
        call = self.after or self.before
        assert call, "a difference is of some call"
        return call


class _Remainder:
    """Calls of one kind of which some have found their counterpart."""

    def __init__(self, call: Call, amounts: Amounts) -> None:
        self.call = call
        self.rest = amounts

    def take(self, calls: int) -> Amounts:
        taken = self.rest.of(calls)
        self.rest -= taken
        return taken


def call_differences(matching: Matching) -> tuple[Difference, ...]:
    """Return how the calls of matched modules differ."""
    differing: list[Difference] = []
    for match in matching.matches:
        comparison = _Comparison(match.after.path)
        comparison.compare(match.before.own, match.after.own)
        differing += comparison.differences
    return tuple(differing)


def module_differences(before: Module, after: Module, matching: Matching) -> Iterator[Difference]:
    """Yield the modules that have come and those that have gone, each with all below it that has no partner either."""
    have = {match.before.path for match in matching.matches}, {match.after.path for match in matching.matches}
    for what, tree, matched in ((GONE, before, have[0]), (NEW, after, have[1])):
        for module in _unmatched_modules(tree, matched):
            amounts = module.total
            largest = max(_calls(module), key=lambda item: (item[1].seconds, item[1].dram_bytes))[0]
            if what == GONE:
                yield Difference(what, module.path, largest, None, amounts.calls, 0, Amounts() - amounts, module)
            else:
                yield Difference(what, module.path, None, largest, 0, amounts.calls, amounts, module)


def _unmatched_modules(module: Module, matched: set[str]) -> Iterator[Module]:
    """Yield the topmost modules without a partner; where something below one has a partner, that is left out."""
    if module.path in matched:
        for child in module.children.values():
            yield from _unmatched_modules(child, matched)
    elif not any(below.path in matched for below in module.walk()):
        yield module
    else:
        if module.own:
            yield Module(module.path, module.own, {})
        for child in module.children.values():
            yield from _unmatched_modules(child, matched)


def _calls(module: Module) -> Iterator[tuple[Call, Amounts]]:
    for below in module.walk():
        yield from below.own.items()


class _Comparison:
    """Compares the calls of one module with those of its match."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.differences: list[Difference] = []

    def compare(self, before: Mapping[Call, Amounts], after: Mapping[Call, Amounts]) -> None:
        """Find every difference; equal calls cancel first, then the most alike."""
        ones = [_Remainder(call, amounts) for call, amounts in before.items()]
        others = {call: _Remainder(call, amounts) for call, amounts in after.items()}
        for one in ones:
            if one.call in others:
                self._equal(one, others[one.call])
        alike = sorted(_alike_pairs(ones, others.values()), key=lambda pair: -pair[0])
        for _, one, other in alike:
            calls = min(one.rest.calls, other.rest.calls)
            if calls:
                delta = other.take(calls) - one.take(calls)
                self._add(_first_difference(one.call, other.call), one.call, other.call, (calls, calls), delta)
        for one in ones:
            if one.rest.calls:
                now = after.get(one.call, Amounts()).calls
                what, then = (FEWER, before[one.call].calls) if now else (GONE, one.rest.calls)
                self._add(what, one.call, one.call if now else None, (then, now), Amounts() - one.rest)
        for other in others.values():
            if other.rest.calls:
                then = before.get(other.call, Amounts()).calls
                what, now = (MORE, after[other.call].calls) if then else (NEW, other.rest.calls)
                self._add(what, other.call if then else None, other.call, (then, now), other.rest)

    def _equal(self, one: _Remainder, other: _Remainder) -> None:
        """Cancel equal calls; where each does more or less work than before, that is a difference, too."""
        calls = min(one.rest.calls, other.rest.calls)
        was, now = one.take(calls), other.take(calls)
        if not _same_work(was, now):
            self._add(WORK, one.call, other.call, (calls, calls), now - was)

    def _add(self, what: str, before: Call | None, after: Call | None, calls: tuple[int, int], delta: Amounts) -> None:
        self.differences.append(Difference(what, self.module, before, after, calls[0], calls[1], delta))


def _alike_pairs(
    ones: Sequence[_Remainder], others: Iterable[_Remainder]
) -> Iterator[tuple[int, _Remainder, _Remainder]]:
    """Yield calls of the same operator and phase with how many of their properties are the same."""
    by_operator: dict[tuple[str, str], list[_Remainder]] = {}
    for other in others:
        by_operator.setdefault((other.call.operator, other.call.phase), []).append(other)
    for one in ones:
        for other in by_operator.get((one.call.operator, one.call.phase), ()):
            was, now = one.call, other.call
            if was != now:
                same = 4 * (was.shapes == now.shapes) + 2 * (was.dtype == now.dtype) + (was.layouts == now.layouts)
                yield same, one, other


def _first_difference(was: Call, now: Call) -> str:
    """Return what of a call changed; of several that which is likely to have brought the others about."""
    if was.shapes != now.shapes:
        return SHAPE
    if was.dtype != now.dtype:
        return DTYPE
    return LAYOUT if was.layouts != now.layouts else BOUND


def _same_work(was: Amounts, now: Amounts) -> bool:
    pairs = ((was.flops, now.flops), (was.dram_bytes, now.dram_bytes))
    return was.launches == now.launches and all(abs(a - b) <= _SAME_WORK * max(abs(a), abs(b)) for a, b in pairs)
