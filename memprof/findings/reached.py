"""What was measured and what of the roofs was reached, in sentences; each is "" where there is nothing to say."""

from __future__ import annotations

from memprof import units, words
from memprof.report.counted import counted_traffic
from memprof.report.digest import Digest
from memprof.report.groups import module_pattern
from memprof.vocabulary import MEMORY_LEVELS

_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_DIFFERENT = 0.1
"""How far counted bytes must lie from modelled ones to be called different."""
_BY_CACHE = "data that the model takes from there was still in a cache"
_FASTER_ARITHMETIC = "the kernel does less arithmetic than counted (Winograd, sparsity) or in a lower precision"
_WRONG_ROOF = "the device ran at a higher clock than the ceiling was taken at, or is not the one it is held against"


def throttling(digest: Digest) -> str:
    """Say that the device was slowed down, and by what."""
    telemetry = digest.report.telemetry
    if telemetry is None or not telemetry.throttled:
        return ""
    reasons = f" ({', '.join(telemetry.throttle_reasons)})" if telemetry.throttle_reasons else ""
    return f"THROTTLED: the device was slowed down while it was measured{reasons}: its times are not what it can do."


def measured_time(digest: Digest) -> str:
    """Hold the measured time against the least possible and the predicted one."""
    took, least = digest.step_seconds, digest.least_step_seconds
    text = f"Measured {units.seconds(took)} a step{_rate(digest)}"
    if least and took:
        text += f", {units.ratio(took / least)} the least possible time of {units.seconds(least)}"
    predicted = digest.predicted_step_seconds
    if digest.predicts and predicted and took:
        operators = digest.whole.time_seconds / digest.steps
        ratio = units.ratio(operators / predicted)
        text += f". memprof predicts {units.seconds(predicted)}; its operators took {units.seconds(operators)}, {ratio}"
    return f"{text}."


def achieved_rates(digest: Digest) -> str:
    """Say what of the roofs was reached while the operators ran, and at which rates."""
    whole = digest.whole
    if whole.roof_share is None:
        return ""
    return (
        f"While its operators ran, {units.percent(whole.roof_share)} of the roof was reached, with "
        f"{units.flops_per_second(digest.flops_per_second)} of arithmetic and "
        f"{units.bytes_per_second(digest.bytes_per_second)} of DRAM traffic (as modelled)."
    )


def operators_above_roof(digest: Digest) -> str:
    """Name the operators that are faster than a ceiling allows, and what may explain it."""
    groups = digest.above_roof
    if not groups:
        return ""
    named = [
        f"{words.operator(group.rows[0].name, group.kind)} in {module_pattern(group.rows) or 'the model'} "
        f"({units.percent(group.roof_share)})"
        for group in groups[:2]
    ]
    more = [f"{len(groups) - 2} more"] if len(groups) > 2 else []
    by_memory = {group.bound in MEMORY_LEVELS for group in groups}
    reasons = [_BY_CACHE] * (True in by_memory) + [_FASTER_ARITHMETIC] * (False in by_memory) + [_WRONG_ROOF]
    return (
        f"To explain: {words.enumerate_words([*named, *more])} {'is' if len(groups) == 1 else 'are'} faster than a "
        f"roof allows. Perhaps {'; or '.join(reasons)}."
    )


def traffic(digest: Digest) -> str:
    """Say how far the bytes that the hardware counted lie from those that are modelled."""
    ratios = [(item, item.ratio) for item in counted_traffic(digest.report.operators) if item.ratio is not None]
    if not ratios:
        return ""
    parts = [f"{units.ratio(ratio)} at {words.level(item.level)}" for item, ratio in ratios]
    near = ": the model holds" if all(abs(ratio - 1) < _DIFFERENT for _, ratio in ratios) else ""
    return f"Hardware counters saw, of the bytes that are modelled, {words.enumerate_words(parts)}{near}."


def timing(digest: Digest) -> str:
    """Say how many steps were timed, how they spread, and what the profiler added."""
    timed = digest.timing
    if timed is None:
        return ""
    count = len(timed.step_seconds)
    text = (
        f"{units.count(count)} {'step was' if count == 1 else 'steps were'} timed without the profiler, after "
        f"{units.count(timed.warm_up)} to warm up{', compiled' if timed.compiled else ''}: median "
        f"{units.seconds(timed.median_seconds)}, 95 % interval {units.span(timed.low_seconds, timed.high_seconds)}, "
        f"from fastest to slowest {units.share(timed.spread)} of the median."
    )
    extra = timed.overhead
    if abs(extra) < _WORTH_SAYING:
        return text
    if extra < 0:
        return f"{text} The profiled step was even faster by {units.share(-extra)}: the steps differ that much."
    on_host = not (digest.report.measured and digest.report.measured.device_time)
    holds = "operators' times hold that overhead" if on_host else "kernels' own times hold little of that"
    return f"{text} Under the profiler a step took {units.share(extra)} longer; {holds}, the step's time does not."


def _rate(digest: Digest) -> str:
    rate = digest.report.measured.images_per_second if digest.report.measured else None
    if not rate:
        return ""
    ends = digest.rate_interval
    interval = f"; 95 % interval {units.throughput_span(*ends)}" if ends else ""
    return f" ({units.throughput(rate, digest.noun)}{interval})"
