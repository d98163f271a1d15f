"""The clock that a device's power allows under matrix work.

A device draws a baseline and, on top, what its arithmetic switches: in proportion to how busy it is, to the clock, and
to the square of the voltage. Towards the boost clock the voltage rises with the clock, so that what is switched grows
faster than it ("Modeling and Chasing the Energy-Efficiency Sweet Spots in Modern GPUs", arXiv 2607.00819: a baseline, a
linear and a nonlinear part); with the square of the clock here. Where that is more than the power limit leaves, the
clock falls until it fits. Memory-bound kernels switch too little for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASELINE_SHARE = 0.2
"""Of the power limit: leakage, memory, fans; 70 to 90 W of the 400 W of an A100, 14 of the 70 W of a T4."""


def clock(busy: Floats, full_watts: float, limit_watts: float) -> Floats:
    """Return the clock (n,), of the boost clock at most 1, of kernels whose arithmetic is `busy` (n,) of its peak.

    `full_watts` is what the arithmetic switches at its peak and boost clock, `limit_watts` the device's power limit.
    """
    switched = busy * full_watts
    left = (1 - BASELINE_SHARE) * limit_watts
    ratio = np.divide(left, switched, out=np.ones_like(switched), where=switched > left)
    return np.sqrt(ratio)
