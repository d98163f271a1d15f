"""What changed between two entries of one workload: modules and operators, not just figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from memprof import words
from memprof.gate import differences, matching, naming, sentences
from memprof.gate.matching import Match, Matching
from memprof.gate.modules import Amounts, Module, natural_order, tree
from memprof.gate.records import Change, Entry, Figures

RENAMED, OTHER = "renamed", "other"
_NEGLIGIBLE = 1e-5
"""Fraction of a figure up to which what no operator explains is rounding: baselines hold rounded figures."""

_WHY_OTHER = "they wait for the host, or find their inputs in the L2 cache, more or less often than before"


def changes(before: Entry, after: Entry) -> tuple[Change, ...]:
    """Return what changed, what weighs most first: by predicted seconds, then by bytes.

    Modules are matched by path, and by what they do where they were renamed or their siblings shifted. The deltas of
    all changes add up to the differences of the entries' figures, up to rounding; a last change of the sort "other"
    holds what operators that did not change take longer or less long, where that is not negligible.
    """
    was, now = tree(before.operators), tree(after.operators)
    if before.operators == after.operators:
        explained: list[Change] = []
    else:
        matched = matching.match(was, now)
        differing = differences.call_differences(matched)
        whole = tuple(differences.module_differences(was, now, matched))
        notes, unexplained = _shifts(matched, {item.module for item in whole})
        device = after.workload.device
        explained = [
            *sentences.changes_of((*whole, *differing), device, notes),
            *_renamings((*matched.renamed, *unexplained)),
        ]
    explained.sort(key=lambda item: (-abs(item.seconds), -abs(item.dram_bytes), -abs(item.flops), item.text))
    return (*explained, *_other_changes(before, after, explained))


def _shifts(matched: Matching, whole: set[str]) -> tuple[dict[str, str], list[Match]]:
    """Return what to say of siblings that shifted, by a module that came or went beside them; and the other shifts."""
    notes: dict[str, str] = {}
    unexplained: list[Match] = []
    for (old_parent, parent), group in groupby(
        matched.shifted, key=lambda item: (item.before.parent, item.after.parent)
    ):
        shifted = list(group)
        beside = sorted((path for path in whole if path.rpartition(".")[0] in (old_parent, parent)), key=natural_order)
        if beside:
            olds, news = _names(item.before for item in shifted), _names(item.after for item in shifted)
            notes[beside[0]] = f" ({news} {'was' if len(shifted) == 1 else 'were'} {olds})"
        else:
            unexplained += shifted
    return notes, unexplained


def _names(modules: Iterable[Module]) -> str:
    return naming.name_modules([".".join(item.path.split(".")[-2:]) for item in modules])


def _renamings(matches: Iterable[Match]) -> Iterator[Change]:
    """Yield a change for modules that have another name; those of one sort, such as all stages, together."""
    groups: dict[tuple[str, str], list[Match]] = {}
    for item in matches:
        groups.setdefault(_renaming_kind(item), []).append(item)
    for (old, new), items in groups.items():
        befores = [item.before.path for item in items]
        afters = [item.after.path for item in items]
        are = "is" if len(items) == 1 else "are"
        same = all(item.before.content == item.after.content for item in items)
        how = "with the same operators" if same else "what changed within is said under the new name"
        if old and new:
            text = f"{naming.name_modules(befores)} {are} now called {naming.name_modules(afters)}, {how}"
        elif new:
            text = f"{words.enumerate_words(sorted(befores))} now in {new}, {how}"
        else:
            text = f"{words.enumerate_words(sorted(afters))} no longer in {old}, {how}"
        yield Change(RENAMED, naming.name_modules(afters), "", text, 0, 0, 0.0, 0.0, 0.0)


def _renaming_kind(item: Match) -> tuple[str, str]:
    """Return the patterns of both names; for what was put into or taken out of a module, "" and that module's path."""
    before, after = item.before.path, item.after.path
    if after.endswith(f".{before}"):
        return "", after.removesuffix(f".{before}")
    if before.endswith(f".{after}"):
        return before.removesuffix(f".{after}"), ""
    return naming.pattern(before), naming.pattern(after)


def _other_changes(before: Entry, after: Entry, explained: Sequence[Change]) -> tuple[Change, ...]:
    """Return what the figures changed by beyond the changes, as a change; nothing where that is negligible."""
    covered = Amounts(0, *(sum(getattr(item, name) for item in explained) for name in _FIGURES))
    rest = _figures(after.figures) - _figures(before.figures) - covered
    sizes = {name: max(abs(getattr(side.figures, name)) for side in (before, after)) for name in _FIGURES}
    notable = {name for name, size in sizes.items() if abs(getattr(rest, name)) > _NEGLIGIBLE * size}
    if not notable:
        return ()
    remainder = Amounts(0, *(getattr(rest, name) if name in notable else 0 for name in _FIGURES))
    text = f"operators that did not change: {sentences.describe_cost(remainder, after.workload.device)} ({_WHY_OTHER})"
    return (Change(OTHER, "", "", text, 0, rest.launches, rest.flops, rest.dram_bytes, rest.seconds),)


_FIGURES = ("launches", "flops", "dram_bytes", "seconds")


def _figures(figures: Figures) -> Amounts:
    return Amounts(0, figures.launches, figures.flops, figures.dram_bytes, figures.seconds)
