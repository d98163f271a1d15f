"""Which module of one step is which of another: by name where it is there, by what it does where it is not.

Children of matched modules are matched by name. Numbered siblings ("blocks.0", "blocks.1", "layer1") are lined up as
sequences, so that a block put in between shifts the others without changing them. What has no partner then may have
been renamed, with its siblings or its parents: it is looked for by its operators, first under the same parent, then
anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from memprof.gate.modules import Module, likeness

_LEAST_RENAMED = 0.6
"""Likeness from which a module without a namesake counts as renamed."""
_LEAST_ALIGNED = 0.3
"""Likeness from which numbered siblings with different numbers may be the same."""
_LEAST_MOVED = 4
"""Calls from which a part of something that has gone may be the same as a part of something new."""
_SAME_NAME = 1e-3
"""What the same number adds to a likeness: enough to decide between equal blocks, too little for anything else."""


@dataclass(frozen=True)
class Match:
    """One module before and after; of two trees that were matched, each module is in at most one match."""

    before: Module
    after: Module


@dataclass(frozen=True)
class Matching:
    """Two trees matched: `matches` in the order of the tree after, `renamed` those of them that begin a renamed part.

    `shifted` are siblings whose number changed because others came or went.
    """

    matches: tuple[Match, ...]
    renamed: tuple[Match, ...]
    shifted: tuple[Match, ...]


@dataclass
class _Matcher:
    matches: dict[str, Match] = field(default_factory=dict)
    """By the path before."""
    taken: set[str] = field(default_factory=set)
    """Paths after."""
    renamed: list[Match] = field(default_factory=list)
    shifted: list[Match] = field(default_factory=list)

    def match(self, before: Module, after: Module) -> None:
        """Match two modules and, as far as they have partners, all below them."""
        self.matches[before.path] = Match(before, after)
        self.taken.add(after.path)
        for family in _families([*before.children, *after.children]):
            ones = [child for name, child in before.children.items() if name in family]
            others = [child for name, child in after.children.items() if name in family]
            for one, other in _align(ones, others):
                if one.name != other.name:
                    self.shifted.append(Match(one, other))
                self.match(one, other)

    def rename(self, before: Module, after: Module) -> None:
        """Match two modules of different names or parents."""
        self.renamed.append(Match(before, after))
        self.match(before, after)

    def lacks_partner(self, before: Module) -> bool:
        """Return whether a module of the tree before has no partner yet."""
        return before.path not in self.matches

    def is_free(self, after: Module) -> bool:
        """Return whether a module of the tree after has no partner yet."""
        return after.path not in self.taken


def match(before: Module, after: Module) -> Matching:
    """Match the modules of two trees."""
    matcher = _Matcher()
    matcher.match(before, after)
    while _move(matcher, before, after) or _rename(matcher):
        pass
    order = {module.path: place for place, module in enumerate(after.walk())}
    matches = sorted(matcher.matches.values(), key=lambda pair: order[pair.after.path])
    return Matching(tuple(matches), tuple(matcher.renamed), tuple(matcher.shifted))


def _move(matcher: _Matcher, before: Module, after: Module) -> bool:
    """Match what has gone with what is new anywhere and does the same, the largest first; return whether any did.

    What kept the last part of its path goes first: it tells which module above it has another name.
    """
    ones = {module.path: module for module in before.walk()}
    others = {module.path: module for module in after.walk()}
    waiting: dict[int, list[Module]] = {}
    for other in filter(matcher.is_free, others.values()):
        waiting.setdefault(other.content, []).append(other)
    ranked = sorted(filter(matcher.lacks_partner, ones.values()), key=lambda module: -module.total.calls)
    known = len(matcher.renamed)
    for least_shared in (1, 0):
        for one in filter(matcher.lacks_partner, ranked):
            partners = list(filter(matcher.is_free, waiting.get(one.content, ())))
            partner = max(partners, key=lambda other: _shared_end(one.path, other.path), default=None)
            if partner is None or not matcher.lacks_partner(one) or _shared_end(one.path, partner.path) < least_shared:
                continue
            part = matcher.lacks_partner(ones[one.parent]) or matcher.is_free(others[partner.parent])
            if not part or one.total.calls >= _LEAST_MOVED:
                _rename_above(matcher, ones, others, (one, partner))
    return len(matcher.renamed) > known


def _rename_above(
    matcher: _Matcher, ones: Mapping[str, Module], others: Mapping[str, Module], same: tuple[Module, Module]
) -> None:
    """Match the topmost modules above two that do the same which do not have partners yet, and what lies beside."""
    one, other = same
    for below in range(_shared_end(one.path, other.path), -1, -1):
        above, new = ones[_ancestor(one.path, below)], others[_ancestor(other.path, below)]
        if matcher.lacks_partner(above) and matcher.is_free(new):
            break
    matcher.rename(above, new)
    for name, child in ones[above.parent].children.items():  # has moved along
        beside = others[new.parent].children.get(name)
        if (
            beside
            and matcher.lacks_partner(child)
            and matcher.is_free(beside)
            and likeness(child, beside) >= _LEAST_ALIGNED
        ):
            matcher.rename(child, beside)


def _shared_end(one: str, other: str) -> int:
    """Return in how many parts at their ends two paths are the same."""
    pairs = zip(reversed(one.split(".")), reversed(other.split(".")), strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(one.count("."), other.count(".")) + 1)


def _ancestor(path: str, levels: int) -> str:
    parts = path.split(".")
    return ".".join(parts[: len(parts) - levels])


def _rename(matcher: _Matcher) -> bool:
    """Match children of matched modules that are alike under other names; return whether any were."""
    ranked: list[tuple[float, Module, Module]] = []
    for parents in list(matcher.matches.values()):
        ones = list(filter(matcher.lacks_partner, parents.before.children.values()))
        others = list(filter(matcher.is_free, parents.after.children.values())) if ones else []
        ranked += [(likeness(one, other), one, other) for one in ones for other in others]
    known = len(matcher.renamed)
    for alike, one, other in sorted(ranked, key=lambda item: -item[0]):
        if alike >= _LEAST_RENAMED and matcher.lacks_partner(one) and matcher.is_free(other):
            matcher.rename(one, other)
    return len(matcher.renamed) > known


def _families(names: Iterable[str]) -> Iterator[set[str]]:
    """Yield sets of sibling names that differ only in a number at their end, or one name each."""
    families: dict[str, set[str]] = {}
    for name in names:
        families.setdefault(_stem(name), set()).add(name)
    yield from families.values()


def _stem(name: str) -> str:
    return re.sub(r"\d+$", "#", name)


def _align(ones: Sequence[Module], others: Sequence[Module]) -> list[tuple[Module, Module]]:
    """Line two sequences of siblings up, without crossings, so that as much as possible does the same."""
    if [one.name for one in ones] == [other.name for other in others] and (
        len(ones) == 1 or all(one.content == other.content for one, other in zip(ones, others, strict=True))
    ):
        return list(zip(ones, others, strict=True))
    worth = [[_worth(one, other) for other in others] for one in ones]
    best = [[0.0] * (len(others) + 1) for _ in range(len(ones) + 1)]
    for row in range(len(ones) - 1, -1, -1):
        for column in range(len(others) - 1, -1, -1):
            both = worth[row][column] + best[row + 1][column + 1]
            best[row][column] = max(both, best[row + 1][column], best[row][column + 1])
    pairs, row, column = [], 0, 0
    while row < len(ones) and column < len(others):
        if worth[row][column] and best[row][column] == worth[row][column] + best[row + 1][column + 1]:
            pairs.append((ones[row], others[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


def _worth(one: Module, other: Module) -> float:
    """Return what matching two siblings is worth, 0 where they cannot be the same."""
    alike = likeness(one, other)
    if one.name == other.name:
        return alike + _SAME_NAME
    return alike if alike >= _LEAST_ALIGNED else 0.0
