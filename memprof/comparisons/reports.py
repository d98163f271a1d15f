"""Several reports against each other: which model is fastest, measured or predicted, and where the difference lies."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.comparisons.gains import largest_gains
from memprof.findings import Finding, headline
from memprof.report.digest import Digest
from memprof.report.groups import share
from memprof.report.labels import differences


def compare(digests: Sequence[Digest]) -> tuple[Finding, ...]:
    """Say which of several reports is fastest, measured or else predicted, and which kinds make the difference."""
    if len(digests) < 2:
        return ()
    differing = [name.replace("_", " ") for name in differences([digest.report for digest in digests])]
    if differing:
        sentence = (
            f"The reports differ in {words.enumerate_words(differing)}: their times are not those of models alone."
        )
        return (Finding("different-workloads", sentence), Finding("order", _order(digests)))
    return (Finding("order", _order(digests)), *_difference(digests))


def title(digests: Sequence[Digest]) -> str:
    """Say the one thing to remember about one or several reports, short enough for a title."""
    if len(digests) == 1:
        return headline(digests[0])
    ranked = sorted(digests, key=lambda digest: digest.image_seconds)
    parts = [f"{digest.label} {_image_time(digest, digests)}" for digest in ranked[:4]]
    return f"{time_per_image(digests)}: {', '.join(parts)}{', …' if len(ranked) > 4 else ''}"


def time_per_image(digests: Sequence[Digest]) -> str:
    """Return what is compared: "Predicted time per image"."""
    noun = "image" if {digest.noun for digest in digests} == {"images"} else "sample"
    names = {digest.time.name for digest in digests}
    name = names.pop() if len(names) == 1 else "time"
    return f"{name[:1].upper()}{name[1:]} per {noun}"


def _order(digests: Sequence[Digest]) -> str:
    first, *others = sorted(digests, key=lambda digest: digest.image_seconds)
    least = first.image_seconds
    parts = [
        f"{digest.label} {_image_time(digest, digests)}"
        + (f" ({units.ratio(digest.image_seconds / least)})" if least else "")
        for digest in others
    ]
    best = f"{first.label} {_image_time(first, digests)}"
    return f"{time_per_image(digests)}: {best}, {words.enumerate_words(parts)}."


def _difference(digests: Sequence[Digest]) -> tuple[Finding, ...]:
    """Name the kinds that make up most of the difference between the slowest and the fastest report."""
    if len({digest.is_measured for digest in digests}) > 1:
        return ()
    fast, *_, slow = sorted(digests, key=lambda digest: digest.step_seconds)
    whole = slow.step_seconds - fast.step_seconds
    if whole <= 0.02 * slow.step_seconds:
        return ()
    fast_kinds, slow_kinds = _kind_seconds(fast), _kind_seconds(slow)
    named = largest_gains(slow_kinds, fast_kinds, whole)
    if not named:
        return ()
    parts = [
        f"{words.kinds(kind)} {units.seconds(slow_kinds[kind])} against {units.seconds(fast_kinds.get(kind, 0.0))}"
        for kind in named
    ]
    flops = units.ratio(share(_step_flops(slow), _step_flops(fast)))
    sentence = (
        f"{slow.label} does {flops} the FLOPs of {fast.label} and {slow.time.needs} {units.seconds(whole)} more a "
        f"step: {', '.join(parts)}."
    )
    return (Finding("difference", sentence),)


def _kind_seconds(digest: Digest) -> dict[str, float]:
    """Return the time of each kind of operator in one step."""
    return {group.name: group.time_seconds / digest.steps for group in digest.kinds}


def _step_flops(digest: Digest) -> float:
    return digest.totals.flops / digest.steps


def _image_time(digest: Digest, digests: Sequence[Digest]) -> str:
    """Return the time of an image; where only some were measured, with whether this one was."""
    text = units.seconds(digest.image_seconds)
    if len({other.is_measured for other in digests}) == 1:
        return text
    return f"{text} {digest.time.adjective}"
