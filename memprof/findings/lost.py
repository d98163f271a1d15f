"""Where the measured time went and what of it was lost, in sentences; each is "" where there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.findings import phrases
from memprof.report.digest import Digest
from memprof.report.groups import Group

_WORTH_SAYING = 0.02
"""Least share of time that earns a sentence."""
_NAMED = 0.15
"""Least share of what is lost in all that earns a place in the headline."""
_IDLE = "while the device is idle"


def headline(digest: Digest) -> str:
    """Say what was measured, what of the roofs that is, and where most time is lost."""
    whole = digest.whole
    text = f"Measured {units.seconds(digest.step_seconds)} a step"
    if whole.roof_share is None:
        return text
    text += f", {units.percent(whole.roof_share)} of the roof"
    places = [place for place, _ in _lost_places(digest)[:2]]
    kinds = words.enumerate_words([place for place in places if place != _IDLE])
    where = [_IDLE if place == _IDLE else f"in {kinds}" for place in places]
    return f"{text}: most time is lost {words.enumerate_words(list(dict.fromkeys(where)))}" if places else text


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


def _lost_places(digest: Digest) -> Sequence[tuple[str, float]]:
    """Return where notable time is lost, most first: in kinds of operators, or while the device is idle."""
    places = [(words.kinds(group.name), group.lost_seconds or 0.0) for group in _kinds_by_loss(digest)]
    time = digest.device_time
    places += [(_IDLE, time.idle_seconds)] if time else []
    total = sum(seconds for _, seconds in places if seconds > 0)
    return sorted(((place, lost) for place, lost in places if lost >= _NAMED * total > 0), key=lambda item: -item[1])
