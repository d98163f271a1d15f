"""From bounds to time: what kernels reach of each ceiling, what launching them costs, and when the device waits.

A kernel takes as long as the ceiling that binds it at the fraction of the ceiling that such kernels reach, plus a launch
latency. Kernels run in order, each once the one before is done and the host has launched it, so a step is never shorter
than the host needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memprof.roofline.bounds import Bounds

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the device is busy: for each kernel in order, seconds that it `waits` for the host and seconds it `runs`.

    Their sum over all kernels is the time of the step. `host_seconds` is when the host has launched the last one.
    """

    waits: Floats
    runs: Floats
    host_seconds: float


def timeline(runs: ArrayLike, launched: ArrayLike) -> Timeline:
    """Lay kernels of `runs` seconds (n,) out in order, each starting no sooner than `launched` (n,), seconds from zero.

    A kernel ends at the latest of: launched[j] plus all the runs from j on, for any j up to it.
    """
    seconds = np.asarray(runs, dtype=np.float64)
    starts = np.asarray(launched, dtype=np.float64)
    done = np.cumsum(seconds)
    slack = starts - (done - seconds)
    latest = np.maximum(np.maximum.accumulate(slack, axis=0), 0.0) if slack.size else slack
    waits = np.diff(latest, prepend=0.0)
    return Timeline(waits, seconds, float(starts[-1]) if starts.size else 0.0)


def kernel_seconds(bounds: Bounds, fractions: Sequence[Floats]) -> tuple[Floats, NDArray[np.intp]]:
    """Return each kernel's seconds (n,) and the index of the bound that sets them, each ceiling at its fraction (n,)."""
    seconds = np.stack([bound / fraction for bound, fraction in zip(bounds.seconds, fractions, strict=True)])
    return seconds.max(axis=0), seconds.argmax(axis=0)
