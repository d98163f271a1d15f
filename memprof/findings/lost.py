"""Where the measured time went and what of it was lost, in sentences; each is "" where there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.findings import phrases
from memprof.report import digest, groups
from memprof.report.groups import Group
from memprof.report.record import Report
from memprof.vocabulary import MEMORY_LEVELS

_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_NAMED = 0.15
"""Least share of what is lost in all that earns a place in the headline."""
_DIFFERENT = 0.1
"""How far counted bytes must lie from modelled ones to be called different."""
_IDLE = "while the device is idle"
_BY_CACHE = "data that the model takes from there was still in a cache"
_FASTER_ARITHMETIC = "the kernel does less arithmetic than counted (Winograd, sparsity) or in a lower precision"
_WRONG_ROOF = "the device ran at a higher clock than the ceiling was taken at, or is not the one it is held against"


def headline(report: Report) -> str:
    """Say what was measured, what of the roofs that is, and where most time is lost."""
    whole = digest.overall(report)
    text = f"Measured {units.seconds(digest.step_seconds(report))} a step"
    if whole.roof_share is None:
        return text
    text += f", {units.percent(whole.roof_share)} of the roof"
    places = [place for place, _ in _lost_places(report)[:2]]
    kinds = words.enumerate_words([place for place in places if place != _IDLE])
    said = [_IDLE if place == _IDLE else f"in {kinds}" for place in places]
    return f"{text}: most time is lost {words.enumerate_words(list(dict.fromkeys(said)))}" if places else text


def throttled(report: Report) -> str:
    """Say that the device was slowed down, and by what."""
    telemetry = report.telemetry
    if telemetry is None or not telemetry.throttled:
        return ""
    reasons = f" ({', '.join(telemetry.throttle_reasons)})" if telemetry.throttle_reasons else ""
    return f"THROTTLED: the device was slowed down while it was measured{reasons}: its times are not what it can do."


def measured(report: Report) -> str:
    """Hold the measured time against the least possible and the predicted one."""
    took, least = digest.step_seconds(report), digest.least_step_seconds(report)
    text = f"Measured {units.seconds(took)} a step{_rate(report)}"
    if least and took:
        text += f", {units.ratio(took / least)} the least possible time of {units.seconds(least)}"
    predicted = digest.predicted_step_seconds(report)
    if digest.predicts(report) and predicted and took:
        operators = digest.overall(report).time_seconds / digest.steps(report)
        ratio = units.ratio(operators / predicted)
        text += f". memprof predicts {units.seconds(predicted)}; its operators took {units.seconds(operators)}, {ratio}"
    return f"{text}."


def reached(report: Report) -> str:
    """Say what of the roofs was reached while the operators ran, and at which rates."""
    whole = digest.overall(report)
    if whole.roof_share is None:
        return ""
    return (
        f"While its operators ran, {units.percent(whole.roof_share)} of the roof was reached, with "
        f"{units.flops_per_second(digest.flops_per_second(report))} of arithmetic and "
        f"{units.bytes_per_second(digest.bytes_per_second(report))} of DRAM traffic (as modelled)."
    )


def device(report: Report) -> str:
    """Say for how long the device was busy, and why not longer."""
    time = report.measured.device_time if report.measured else None
    if time is None or not time.span_seconds:
        return ""
    busy, waits = (part / time.span_seconds for part in (time.busy_seconds, time.launch_bound_seconds))
    idle = time.idle_seconds / time.span_seconds
    several = f" of {digest.steps(report)} steps" if digest.steps(report) > 1 else ""
    span = f"{units.seconds(time.span_seconds)}{several}"
    text = f"The device was busy for {units.share(busy)} of the {span}, overlap counted once"
    if idle >= _WORTH_SAYING:
        text += f", and idle for {units.seconds(time.idle_seconds)} ({units.share(idle)})"
    if waits < _WORTH_SAYING:
        return f"{text}."
    return (
        f"{text}. For {units.seconds(time.launch_bound_seconds)} of that the next kernel had not been launched yet: "
        "there the host sets the pace. A larger batch gives each kernel more to do; CUDA graphs or torch.compile "
        "launch fewer or faster."
    )


def beside(report: Report) -> str:
    """Say what communication, copies and kernels of no operator took."""
    time = report.measured.device_time if report.measured else None
    if report.measured is None or time is None or not time.span_seconds:
        return ""
    least = _WORTH_SAYING / 2 * time.span_seconds
    said = []
    if time.communication_seconds >= least:
        alone = units.seconds(time.exposed_communication_seconds)
        said.append(
            f"communication took {units.seconds(time.communication_seconds)}, {alone} of it with nothing beside"
        )
    if time.copy_seconds + time.fill_seconds >= least:
        said.append(f"copies and fills took {units.seconds(time.copy_seconds + time.fill_seconds)}")
    strays = digest.stray_seconds(report)
    if strays >= least:
        reasons = list(dict.fromkeys(stray.reason for stray in report.measured.strays))
        why = f" ({'; '.join(reasons[:2])}{'; …' if len(reasons) > 2 else ''})" if any(reasons) else ""
        said.append(f"what belongs to no operator with recorded shapes took {units.seconds(strays)}{why}")
    return phrases.sentence_case(f"{'; '.join(said)}.") if said else ""


def lost(report: Report) -> str:
    """Name the kinds of operators that lose most, and what of their roof they reach."""
    places = [group for group in _by_loss(report) if (group.lost_seconds or 0.0) > 0]
    total = sum(group.lost_seconds or 0.0 for group in places)
    whole = sum(groups.took(report, row) for row in report.operators)
    named = [group for group in places[:3] if (group.lost_seconds or 0.0) >= _WORTH_SAYING * whole]
    if not total or not named:
        return ""
    parts = [
        f"{words.kinds(group.name)} {units.seconds(group.lost_seconds or 0.0)} (they reach "
        f"{units.percent(group.roof_share)} of their roof)"
        for group in named
    ]
    return (
        f"Beyond the least possible time, operators lose {units.seconds(total)} {digest.a_step(report)}: "
        f"{words.enumerate_words(parts)}."
    )


def above(report: Report) -> str:
    """Name the operators that are faster than a ceiling allows, and what may explain it."""
    found = digest.above_roof(report)
    if not found:
        return ""
    named = [
        f"{words.operator(group.rows[0].name, group.kind)} in {groups.module_pattern(group.rows) or 'the model'} "
        f"({units.percent(group.roof_share)})"
        for group in found[:2]
    ]
    more = [f"{len(found) - 2} more"] if len(found) > 2 else []
    by_memory = {group.bound in MEMORY_LEVELS for group in found}
    reasons = [_BY_CACHE] * (True in by_memory) + [_FASTER_ARITHMETIC] * (False in by_memory) + [_WRONG_ROOF]
    return (
        f"To explain: {words.enumerate_words([*named, *more])} {'is' if len(found) == 1 else 'are'} faster than a roof "
        f"allows. Perhaps {'; or '.join(reasons)}."
    )


def traffic(report: Report) -> str:
    """Say how far the bytes that the hardware counted lie from those that are modelled."""
    found = [(item, item.ratio) for item in digest.counted(report.operators) if item.ratio is not None]
    if not found:
        return ""
    parts = [f"{units.ratio(ratio)} at {words.level(item.level)}" for item, ratio in found]
    near = ": the model holds" if all(abs(ratio - 1) < _DIFFERENT for _, ratio in found) else ""
    return f"Hardware counters saw, of the bytes that are modelled, {words.enumerate_words(parts)}{near}."


def timing(report: Report) -> str:
    """Say how many steps were timed, how they spread, and what the profiler added."""
    found = report.measured.timing if report.measured else None
    if found is None:
        return ""
    count = len(found.step_seconds)
    text = (
        f"{units.count(count)} {'step was' if count == 1 else 'steps were'} timed without the profiler, after "
        f"{units.count(found.warm_up)} to warm up{', compiled' if found.compiled else ''}: median "
        f"{units.seconds(found.median_seconds)}, 95 % interval {units.span(found.low_seconds, found.high_seconds)}, "
        f"from fastest to slowest {units.share(digest.spread(found))} of the median."
    )
    extra = digest.overhead(found)
    if abs(extra) < _WORTH_SAYING:
        return text
    if extra < 0:
        return f"{text} The profiled step was even faster by {units.share(-extra)}: the steps differ that much."
    on_host = not (report.measured and report.measured.device_time)
    holds = "operators' times hold that overhead" if on_host else "kernels' own times hold little of that"
    return f"{text} Under the profiler a step took {units.share(extra)} longer; {holds}, the step's time does not."


def _rate(report: Report) -> str:
    rate = report.measured.images_per_second if report.measured else None
    if not rate:
        return ""
    ends = digest.rate_interval(report)
    interval = f"; 95 % interval {units.between(*ends)}" if ends else ""
    return f" ({units.throughput(rate, digest.noun(report))}{interval})"


def _by_loss(report: Report) -> list[Group]:
    return sorted(groups.by_kind(report), key=lambda group: -(group.lost_seconds or 0.0))


def _lost_places(report: Report) -> Sequence[tuple[str, float]]:
    """Return where notable time is lost, most first: in kinds of operators, or while the device is idle."""
    places = [(words.kinds(group.name), group.lost_seconds or 0.0) for group in _by_loss(report)]
    time = report.measured.device_time if report.measured else None
    places += [(_IDLE, time.idle_seconds)] if time else []
    total = sum(seconds for _, seconds in places if seconds > 0)
    return sorted(((place, lost) for place, lost in places if lost >= _NAMED * total > 0), key=lambda item: -item[1])
