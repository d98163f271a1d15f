"""Where the measured time went and what of it was lost, in sentences; each is "" where there is nothing to say."""

from __future__ import annotations

from dataclasses import dataclass

from memprof import units, words
from memprof.findings import phrases
from memprof.report.digest import Digest
from memprof.report.groups import Group

_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_NAMED = 0.15
"""Least share of what is lost in all that earns a place in the headline."""
_COMMUNICATION = "communication"
"""The activity of kernels of which only what nothing ran beside is lost."""


def headline(digest: Digest) -> str:
    """Say what was measured of a step, what of the roofs that is all in all, and where most of its time is lost."""
    text = f"Measured {units.seconds(digest.step_seconds)} a step"
    share = digest.step_roof_share
    if share is None:
        time = digest.device_time
        return f"{text}; the device was idle for {units.share(time.idle_share)} of it" if time else text
    text += f", {units.percent(share)} of the roof all in all"
    places = [place for place in _places(digest) if place.seconds > 0]
    total = sum(place.seconds for place in places)
    named = [place for place in places if place.seconds >= _NAMED * total][:2]
    if not named or named[0].seconds < _WORTH_SAYING * digest.step_seconds * digest.steps:
        return text
    is_most = sum(place.seconds for place in named) >= total / 2
    kinds = words.enumerate_words([place.kind for place in named if place.kind])
    where = dict.fromkeys(f"in {kinds}" if place.kind else place.where for place in named)
    return f"{text}: {'most time is lost' if is_most else 'the largest loss is'} {words.enumerate_words(list(where))}"


def idle(digest: Digest) -> str:
    """Say for how long the device was busy, and why not longer."""
    time = digest.device_time
    if time is None or not time.span_seconds:
        return ""
    busy, waits = (part / time.span_seconds for part in (time.busy_seconds, time.launch_bound_seconds))
    idle = time.idle_seconds / time.span_seconds
    several = f" of {digest.steps} steps" if digest.steps > 1 else ""
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


def other_activity(digest: Digest) -> str:
    """Say what communication, copies and kernels of no operator took."""
    time = digest.device_time
    if digest.report.measured is None or time is None or not time.span_seconds:
        return ""
    least = _WORTH_SAYING / 2 * time.span_seconds
    parts = []
    if time.communication_seconds >= least:
        alone = units.seconds(time.exposed_communication_seconds)
        parts.append(
            f"communication took {units.seconds(time.communication_seconds)}, {alone} of it with nothing beside"
        )
    if time.copy_seconds + time.fill_seconds >= least:
        parts.append(f"copies and fills took {units.seconds(time.copy_seconds + time.fill_seconds)}")
    strays = digest.report.measured.stray_seconds
    if strays >= least:
        reasons = list(dict.fromkeys(stray.reason for stray in digest.report.measured.strays))
        why = f" ({'; '.join(reasons[:2])}{'; …' if len(reasons) > 2 else ''})" if any(reasons) else ""
        parts.append(f"what belongs to no operator with recorded shapes took {units.seconds(strays)}{why}")
    return phrases.sentence_case(f"{'; '.join(parts)}.") if parts else ""


def losses(digest: Digest) -> str:
    """Name the kinds of operators that lose most, and what of their roof they reach."""
    places = [group for group in _kinds_by_loss(digest) if (group.lost_seconds or 0.0) > 0]
    total = sum(group.lost_seconds or 0.0 for group in places)
    whole = sum(digest.whole.row_seconds(row) for row in digest.report.operators)
    named = [group for group in places[:3] if (group.lost_seconds or 0.0) >= _WORTH_SAYING * whole]
    if not total or not named:
        return ""
    parts = [
        f"{words.kinds(group.name)} {units.seconds(group.lost_seconds or 0.0)} (they reach "
        f"{units.percent(group.roof_share)} of their roof)"
        for group in named
    ]
    return (
        f"Beyond the least possible time, operators lose {units.seconds(total)} {digest.a_step}: "
        f"{words.enumerate_words(parts)}."
    )


def _kinds_by_loss(digest: Digest) -> list[Group]:
    return sorted(digest.kinds, key=lambda group: -(group.lost_seconds or 0.0))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where `seconds` of all steps are lost: in operators of a `kind`, or what `where` says."""

    seconds: float
    kind: str = ""
    where: str = ""


def _places(digest: Digest) -> list[_Place]:
    """Return where time is lost, most first; with the least possible time they make up all of the steps' time."""
    kinds = [_Place(group.lost_seconds or 0.0, kind=words.kinds(group.name)) for group in digest.kinds]
    unbound = _Place(digest.whole.time_seconds - digest.whole.roofed_seconds, where="in operators that no roof bounds")
    return sorted([*kinds, unbound, *_places_beside(digest)], key=lambda place: -place.seconds)


def _places_beside(digest: Digest) -> list[_Place]:
    """Return what of the steps' time no operator took."""
    time, measured = digest.device_time, digest.report.measured
    whole = digest.step_seconds * digest.steps
    if time is None or measured is None:
        return [_Place(whole - digest.whole.time_seconds, where="outside operators")]
    idle = time.idle_seconds
    if digest.timing is not None:  # the profiled step idles longer than those that were timed without the profiler
        idle = min(idle, whole - time.busy_seconds)
    strays = sum(stray.seconds for stray in measured.strays if stray.activity != _COMMUNICATION)
    return [
        _Place(idle, where="while the device is idle"),
        _Place(time.exposed_communication_seconds, where="in communication with nothing beside"),
        _Place(strays, where="in what no operator with recorded shapes launched"),
    ]
