"""Headings of an explanation, the same in every format."""

from __future__ import annotations

from memprof import units
from memprof.comparisons.explanation import Explanation
from memprof.report.labels import describe
from memprof.whatif.savings import Losses


def heading(found: Explanation | Losses) -> str:
    """Name the models and the device."""
    against = f" against {found.against.model}" if isinstance(found, Explanation) else ""
    return f"{found.workload.model}{against} on {found.device_title}"


def workload(found: Explanation | Losses) -> str:
    """Say what was analysed: "training, tf32, batch 128, 224 px, channels-last"."""
    return describe(found.workload)


def title(found: Explanation | Losses) -> str:
    """Say the one thing to remember, short enough for a title."""
    if isinstance(found, Explanation):
        times = units.seconds(found.difference.seconds), units.seconds(found.difference.against_seconds)
        return f"From {found.workload.model} ({times[0]}) to {found.against.model} ({times[1]}), predicted"
    return f"{found.workload.model}: {units.seconds(found.seconds)} a step, and what would save time (predicted)"
