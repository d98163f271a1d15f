"""What the first screen says: three figures of a report, and what it assumes in one line that unfolds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.findings import phrases, prediction
from memprof.report.digest import Digest
from memprof.reports.page import colors
from memprof.reports.parts.tables import Fact
from memprof.tensors.stack import rules
from memprof.vocabulary import TENSOR, TODAYS_STACK

_NEXT = 2
"""How many bounds are named after the first."""
_WORTH_SAYING = 0.01


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the first screen; `share`, where there is one, fills a bar whose colour is the class `color`."""

    name: str
    value: str
    remark: str
    share: float | None = None
    color: str = ""


def figures(digest: Digest) -> tuple[Figure, ...]:
    """Return how fast it is, how close to the roof, and what binds it; fewer where that is not known."""
    return tuple(figure for figure in (_speed(digest), _roof(digest), _bound(digest)) if figure)


def _speed(digest: Digest) -> Figure:
    measured, noun = digest.report.measured, digest.noun
    if measured is not None and measured.images_per_second:
        ends = digest.rate_interval
        interval = f", 95 % interval {units.throughput_span(*ends)}" if ends else ""
        return Figure("How fast", units.throughput(measured.images_per_second, noun), f"measured{interval}")
    if measured is not None:
        return Figure("How fast", f"{units.seconds(digest.step_seconds)} a step", "measured")
    if digest.predicts:
        off = prediction.error(digest) or "not measured"
        return Figure("How fast", units.throughput(digest.totals.images_per_second, noun), f"predicted: {off}")
    return Figure(
        "How fast", units.throughput(digest.totals.roofline_images_per_second, noun), "at most: an upper bound"
    )


def _roof(digest: Digest) -> Figure | None:
    least, took = digest.least_step_seconds, digest.step_seconds
    if not digest.is_measured and not digest.predicts:
        return None
    if not least or not took:
        return None
    remark = f"{units.seconds(took)} a step; at least {units.seconds(least)} are needed"
    return Figure("How close to the roof", units.percent(least / took), remark, min(1.0, least / took), "roof-share")


def _bound(digest: Digest) -> Figure | None:
    bounds = [group for group in digest.bounds if group.time_share >= _WORTH_SAYING]
    if not bounds:
        return None
    kind = digest.device.family
    first, *others = bounds
    name = words.bound(first.name, kind).partition(",")[0]
    then = [f"{units.share(group.time_share)} {words.short_bound(group.name, kind)}" for group in others[:_NEXT]]
    remark = f"{units.share(first.time_share)} of the {digest.time.name}"
    remark += f"; then {', '.join(then)}" if then else ""
    return Figure(
        "What binds it", phrases.sentence_case(name), remark, first.time_share, colors.bound_class(first.name)
    )


def assumed(digest: Digest) -> tuple[Fact, ...]:
    """Return what the figures hold for, each with what that means; the values alone make the line."""
    work, device = digest.report.workload, digest.device
    facts = [Fact("Device", device.title, _device(digest))]
    if work.phase:
        facts.append(Fact("Phase", words.phase(work.phase), "one step of it"))
    if work.precision:
        facts.append(Fact("Precision", work.precision, _precision(work.precision, words.engine(TENSOR, device.family))))
    if work.batch_size:
        facts.append(Fact("Batch", f"batch {work.batch_size}", _batch(digest)))
    if work.layout:
        facts.append(Fact("Layout", work.layout, "how images and weights lie in memory"))
    if not digest.is_measured and digest.predicts:
        facts.append(Fact("Stack", work.stack or TODAYS_STACK, rules(work.stack) or "what the step runs on"))
    if device.host:
        facts.append(Fact("Host", f"host {device.host.name}", f"launches the kernels: {device.host.title}"))
    return tuple(facts)


def line(digests: Sequence[Digest], subtitle: str) -> str:
    """Return the line that unfolds: what was analysed on what device, and of one report also its stack and host."""
    named = {fact.name: fact.value for fact in assumed(digests[0])} if len(digests) == 1 else {}
    stack = named.get("Stack", "")
    return "  ·  ".join(filter(None, (subtitle, stack if stack not in subtitle else "", named.get("Host", ""))))


def _device(digest: Digest) -> str:
    memory = digest.device.memory_capacity_bytes
    whose = "what it can do at most stands below"
    return f"{units.byte_count(memory)} of memory; {whose}" if memory else whose


def _precision(precision: str, engine: str) -> str:
    if precision == "tf32":
        return f"values of 32 bits, of which {engine} multiply 19"
    if precision == "fp32":
        return "values of 32 bits"
    width = "bfloat16" if "bf16" in precision else "float16"
    return (
        f"autocast: {width} where that is safe, else float32" if precision.startswith("amp") else f"{width} throughout"
    )


def _batch(digest: Digest) -> str:
    pixels = digest.report.workload.resolution
    size = f" of {pixels} x {pixels} pixels" if pixels else ""
    return f"{digest.report.workload.batch_size} {digest.noun}{size} in a step"
