"""Why one model's step takes longer than another's: the difference by operator kind and stage, summing exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.comparisons import reasons
from memprof.comparisons.contributions import Difference, Part, split
from memprof.errors import ReportError
from memprof.findings import memory, prediction
from memprof.report.digest import Digest, digest
from memprof.report.groups import Group
from memprof.report.json_text import indented_json
from memprof.report.labels import differences, host_name
from memprof.report.record import Report, Workload
from memprof.vocabulary import Kind, Phase

SCHEMA = "memprof.explanation/1"
_WORTH_SAYING = 0.02
"""Least part of all that adds to or takes from the difference that earns a sentence."""
_MOST_SENTENCES = 6
_NEVER = 1e-9
"""Fraction of the step below which a difference is rounding."""
_PRODUCTS = (Kind.CONVOLUTION, Kind.MATMUL)
_SWAPPED = 0.02
"""Least fraction of the step that one kind must take more and the other less to be spoken of as one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the predicted step of one model takes longer than that of another, of the same workload on one device.

    `off` says how far predictions like these are typically off.
    """

    schema: str
    workload: Workload
    against: Workload
    device_name: str
    device_title: str
    difference: Difference
    sentences: tuple[str, ...]
    host: str = ""
    device_family: str = ""
    off: str = ""

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


@dataclass(frozen=True, slots=True)
class _Topic:
    """Kinds that one sentence speaks of, with their difference."""

    kinds: tuple[str, ...]
    difference_seconds: float

    @property
    def name(self) -> str:
        return words.enumerate_words([words.kinds(kind) for kind in self.kinds])


def explain(report: Report, against: Report) -> Explanation:
    """Split the difference between two reports of the same workload and device by kind and stage, and say why.

    ReportError where the two differ in more than the model.
    """
    differing = [name.replace("_", " ") for name in differences([report, against])]
    if differing:
        raise ReportError(
            f"the reports differ in {words.enumerate_words(differing)}, not only in the model",
            "analyse both models with the same options",
        )
    ours, theirs = digest(report), digest(against)
    difference = split(ours, theirs)
    return Explanation(
        schema=SCHEMA,
        workload=report.workload,
        against=against.workload,
        device_name=report.device.name,
        device_title=report.device.title,
        difference=difference,
        sentences=_sentences(difference, ours, theirs),
        host=host_name(report),
        device_family=report.device.family,
        off=prediction.error(ours),
    )


def _sentences(difference: Difference, ours: Digest, theirs: Digest) -> tuple[str, ...]:
    sentences = [_headline(difference, _model(ours), _model(theirs))]
    if _is_large(difference.difference_seconds, difference):
        sentences.append(_flops(ours, theirs))
    topics = _topics(difference)
    large = _notable_topics(topics, difference)
    sentences += [_topic(topic, ours, theirs) for topic in large]
    sentences += [_rest([topic for topic in topics if topic not in large], difference), _stage_sentence(difference)]
    for one in (ours, theirs):
        unfit = memory.sentence(one)
        sentences += [f"{_model(one)}: {unfit}"] if unfit else []
    return tuple(sentence for sentence in sentences if sentence)


def _headline(difference: Difference, *names: str) -> str:
    times = units.seconds(difference.seconds), units.seconds(difference.against_seconds)
    if not _is_large(difference.difference_seconds, difference):
        return f"{names[0]} and {names[1]} are predicted to take equally long: {times[0]} and {times[1]} a step."
    gap = _delta(difference.difference_seconds)
    text = f"{names[0]} needs {times[0]} a step, {names[1]} {times[1]} (predicted): {gap}"
    ratio = (
        f", {units.ratio(difference.seconds / difference.against_seconds)} the time"
        if difference.against_seconds
        else ""
    )
    return f"{text}{ratio}."


def _flops(ours: Digest, theirs: Digest) -> str:
    """Say how the FLOPs and the DRAM traffic compare, which are what people look at first."""
    total, other = ours.totals, theirs.totals
    if not other.flops or not other.dram_bytes:
        return ""
    flops, moved = units.ratio(total.flops / other.flops), units.ratio(total.dram_bytes / other.dram_bytes)
    return (
        f"{_model(ours)} does {flops} the FLOPs of {_model(theirs)}, moves {moved} the bytes through "
        f"DRAM, and launches {units.count(total.launches)} kernels against {units.count(other.launches)}."
    )


def _topics(difference: Difference) -> tuple[_Topic, ...]:
    """Return what to speak of, largest difference first: each kind, or convolutions and matrix products as one."""
    swapped = swapped_products(difference)
    topics = [_Topic((part.name,), part.difference_seconds) for part in difference.kinds if part not in swapped]
    topics += [_Topic(_PRODUCTS, sum(part.difference_seconds for part in swapped))] if swapped else []
    return tuple(sorted(topics, key=lambda topic: -abs(topic.difference_seconds)))


def swapped_products(difference: Difference) -> tuple[Part, ...]:
    """Return convolutions and matrix products where they are one, else nothing.

    That is where one model computes as a 1x1 convolution what the other computes as a linear layer, so that what the
    first kind takes less, the second takes more.
    """
    products = tuple(part for part in difference.kinds if part.name in _PRODUCTS)
    gains = [part.difference_seconds for part in products]
    swapped = len(gains) == 2 and gains[0] * gains[1] < 0 and min(map(abs, gains)) > _SWAPPED * difference.seconds
    return products if swapped else ()


def _notable_topics(topics: Sequence[_Topic], difference: Difference) -> tuple[_Topic, ...]:
    moved = sum(abs(topic.difference_seconds) for topic in topics)
    large = [topic for topic in topics if abs(topic.difference_seconds) >= _WORTH_SAYING * moved]
    return tuple(topic for topic in large if _is_large(topic.difference_seconds, difference))[:_MOST_SENTENCES]


def _topic(topic: _Topic, ours: Digest, theirs: Digest) -> str:
    own, other = _group(ours, topic.kinds), _group(theirs, topic.kinds)
    times = f"{_time(own)} against {_time(other)}"
    swap = " (as one: a 1x1 convolution and a linear layer compute the same)" if len(topic.kinds) > 1 else ""
    text = f"{_delta(topic.difference_seconds)} in {topic.name}{swap}, {times}{_phases(own, other)}: "
    return text + reasons.compare_groups((_model(ours), own), (_model(theirs), other), ours.device.family) + "."


def _time(group: Group) -> str:
    return units.seconds(group.seconds) if group.seconds else "none"


def _phases(ours: Group, theirs: Group) -> str:
    """Say how the time of a training step divides into forward and backward."""
    phases = (Phase.FORWARD, Phase.BACKWARD)
    times = [
        [math.fsum(row.seconds for row in group.rows if row.phase == phase) for group in (ours, theirs)]
        for phase in phases
    ]
    if not all(any(pair) for pair in times):
        return ""
    parts = [
        f"{phase} {units.seconds(pair[0])} against {units.seconds(pair[1])}"
        for phase, pair in zip(phases, times, strict=True)
    ]
    return f" ({', '.join(parts)})"


def _rest(rest: Sequence[_Topic], difference: Difference) -> str:
    together = sum(topic.difference_seconds for topic in rest)
    if not _is_large(together, difference):
        return ""
    return f"{_delta(together)} in everything else together: {', '.join(topic.name for topic in rest)}."


def _stage_sentence(difference: Difference) -> str:
    """Name the stages, and the one kind in one stage, with the largest differences."""
    moved = [part for part in difference.stages if _is_large(part.difference_seconds, difference)]
    largest = sorted(moved, key=lambda part: -abs(part.difference_seconds))[:3]
    if len(difference.stages) < 2 or not largest:
        return ""
    parts = [f"{_delta(part.difference_seconds)} in {_stage(part.name)}" for part in largest]
    top = difference.contributions[0]
    single = f"{words.kinds(top.kind)} in {_stage(top.stage)}, {_delta(top.difference_seconds)}"
    return f"By stage: {words.enumerate_words(parts)}. The largest single difference: {single}."


def _stage(name: str) -> str:
    return name if name.startswith("stage ") else f"the {name}"


def _delta(seconds: float) -> str:
    return f"{units.seconds(abs(seconds))} {'more' if seconds > 0 else 'less'}"


def _is_large(seconds: float, difference: Difference) -> bool:
    return abs(seconds) > _NEVER * max(difference.seconds, difference.against_seconds)


def _group(digest: Digest, kinds: Sequence[str]) -> Group:
    return digest.sum_rows([row for row in digest.report.operators if row.kind in kinds])


def _model(digest: Digest) -> str:
    return digest.report.workload.model
