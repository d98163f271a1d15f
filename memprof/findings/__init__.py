"""What one report says, in sentences: which ceiling binds, what was reached, where time is lost, and why.

Every word follows from the report's figures. Shares of time are of the measured time where something was measured,
otherwise of the predicted time, and say so; what is said about ceilings compares least possible times with one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units
from memprof.findings import binding, lost, memory, prediction, reached
from memprof.report.digest import Digest

__all__ = ["Finding", "coverage", "findings", "headline"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a report; `code` is stable and says what it is about."""

    code: str
    sentence: str


def findings(digest: Digest) -> tuple[Finding, ...]:
    """Say what binds the model and why, most important first."""
    if not digest.wholes.seconds:
        return _written((*_device_findings(digest), ("empty", _nothing(digest))))
    sayings = (
        ("memory", memory.sentence(digest)),
        *(_measured_findings(digest) if digest.is_measured else (("prediction", prediction.prediction(digest)),)),
        ("bounds", binding.bounds(digest)),
        ("launches", "" if digest.is_measured else prediction.launches(digest)),
        ("depthwise", binding.depthwise(digest)),
        ("streaming", binding.streaming(digest)),
        ("copies", binding.copies(digest)),
        ("engine", binding.engine(digest)),
        ("ridge", binding.ridge(digest)),
        ("phases", binding.phases(digest)),
        ("where", binding.costliest_module(digest)),
    )
    return _written(sayings)


def _written(sayings: Sequence[tuple[str, str]]) -> tuple[Finding, ...]:
    return tuple(Finding(code, sentence) for code, sentence in sayings if sentence)


def _nothing(digest: Digest) -> str:
    if digest.is_measured and not digest.report.operators:
        return "No operator was recorded with shapes, so that nothing can be held against a roof."
    return "No operator of this report takes any time: there is nothing to explain."


def _device_findings(digest: Digest) -> tuple[tuple[str, str], ...]:
    return ("device", lost.idle(digest)), ("beside", lost.other_activity(digest))


def _measured_findings(digest: Digest) -> tuple[tuple[str, str], ...]:
    return (
        ("measured", reached.measured_time(digest)),
        ("reached", reached.achieved_rates(digest)),
        ("lost", lost.losses(digest)),
        ("above-roof", reached.operators_above_roof(digest)),
        *_device_findings(digest),
        ("counters", reached.traffic(digest)),
        ("timing", reached.timing(digest)),
    )


def headline(digest: Digest) -> str:
    """Say the one thing to remember, short enough for a title."""
    return lost.headline(digest) if digest.is_measured else binding.headline(digest)


def coverage(digest: Digest) -> str:
    """Say how much of the profile the figures cover, and what is missing from them."""
    cover = digest.report.coverage
    free = (
        f"; {units.count(cover.free_calls)} further calls only make views and move nothing" if cover.free_calls else ""
    )
    of_time = _attributed_share(digest)
    if not (digest.report.operators or cover.free_calls or cover.unknown):
        return f"The profile has no operators with shapes.{of_time}"
    if not cover.unknown and cover.calls < 1:
        return (
            f"{units.coverage(cover.calls)} of the operator calls could be read and are accounted for{free}.{of_time}"
        )
    if not cover.unknown:
        return f"Every operator call is accounted for{free}.{of_time}"
    names = [f"{item.name} ({item.calls} {'call' if item.calls == 1 else 'calls'})" for item in cover.unknown]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"{units.coverage(cover.calls)} of the operator calls and {units.coverage(cover.bytes)} of the bytes are "
        f"accounted for{free}. No formula, hence in no {digest.time.sums}: {', '.join(names[:5])}{more}.{of_time}"
    )


def _attributed_share(digest: Digest) -> str:
    """Say what of the measured time belongs to operators with recorded shapes."""
    if digest.report.measured is None:
        return ""
    whose = "the device's kernels" if digest.report.measured.device_time else "the calls"
    share = units.coverage(digest.report.measured.attributed_share)
    return f" {share} of the time of {whose} belongs to operators with recorded shapes."
