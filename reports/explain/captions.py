"""Headings of an explanation, the same in every format."""

from __future__ import annotations

from dataclasses import replace

from memprof import units, words
from memprof.comparisons.explanation import Explanation
from memprof.report.labels import describe
from memprof.whatif.savings import Losses


def heading(explained: Explanation | Losses) -> str:
    """Name the models and the device."""
    against = f" against {explained.against.model}" if isinstance(explained, Explanation) else ""
    return f"{explained.workload.model}{against} on {explained.device_title}"


def workload(explained: Explanation | Losses) -> str:
    """Say what was analysed: "training, tf32, batch 128, 224 px, channels-last"; on what, and how far off that is."""
    plain = replace(explained.workload, stack="")
    assumed = words.assumed(explained.host, explained.workload.stack)
    return f"{describe(plain)} ({'; '.join(filter(None, (assumed, explained.off)))})"


def title(explained: Explanation | Losses) -> str:
    """Say the one thing to remember, short enough for a title."""
    if isinstance(explained, Explanation):
        times = units.seconds(explained.difference.seconds), units.seconds(explained.difference.against_seconds)
        return f"From {explained.against.model} ({times[1]}) to {explained.workload.model} ({times[0]}), predicted"
    return (
        f"{explained.workload.model}: {units.seconds(explained.seconds)} a step, and what would save time (predicted)"
    )
