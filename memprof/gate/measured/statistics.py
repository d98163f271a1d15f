"""What paired times say: by how much the head is slower, how sure that is, and whether it is within the budget.

The unit is a pair of fresh processes, one of the base and one of the head. Where memory comes to lie makes a process
faster or slower for as long as it lives, so rounds within one process, however many, do not tell how sure a ratio is.
Within a pair the model is built anew several times, each time elsewhere in memory: a placement. Its value is the
logarithm of head over base; a pair's value is the median of its placements, and the ratio the median of the pairs.

The interval's ends are, each, the outer one of two:
- the percentile of a bootstrap that draws pairs and, within each, placements, with replacement: B. Efron and
  R. Tibshirani, "An Introduction to the Bootstrap", chapters 8 (several levels) and 13 (percentiles);
- an order statistic of the pairs. If the code of both sides is the same, a pair is as likely above 1 as below, whatever
  its noise is like, so all of n lie above with probability 2^-n. A bootstrap of few pairs promises more than it can
  keep; this does not. H. A. David and H. N. Nagaraja, "Order Statistics", 3rd edition, section 7.1.

Pairs are added until the interval decides, and every look at them is a chance to be wrong. So there are four looks, and
the chances of all of them together are bounded, by Bonferroni's inequality: see LOOKS.

Not scipy.stats.bootstrap: it draws from one level only, and memprof needs nothing else of scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memprof.gate.records import Verdict

Floats = NDArray[np.float64]

RESAMPLES = 10_000
_SEED = 20_231
"""The same samples always give the same interval."""


@dataclass(frozen=True, slots=True)
class Look:
    """A moment at which the pairs are judged: when there are `pairs`, from the `low_rank`-th smallest on.

    The upper end is the `high_rank`-th largest.
    """

    pairs: int
    low_rank: int
    high_rank: int

    @property
    def low_chance(self) -> float:
        """Return the chance that the lower end lies above the truth, where a pair is as likely above it as below."""
        return _chance(self.pairs, self.low_rank)

    @property
    def high_chance(self) -> float:
        """Return the chance that the upper end lies below the truth."""
        return _chance(self.pairs, self.high_rank)


def _chance(pairs: int, rank: int) -> float:
    """Return the probability that a fair coin shows fewer than `rank` heads in as many throws as there are pairs."""
    return float(sum(math.comb(pairs, heads) for heads in range(rank)) / 2**pairs)


LOOKS = (Look(8, 1, 2), Look(12, 2, 2), Look(16, 3, 3), Look(20, 3, 3))
"""When pairs are judged. Chances of a lower end that is too high: 0.39 + 0.32 + 0.21 + 0.02 = 0.94 % in all, the most
that identical code fails with, even with a budget of nothing. Of an upper end that is too low: 3.52 + 0.32 + 0.21 +
0.02 = 4.06 %. The two differ because to fail identical code is worse than to pass a change just beyond the budget.
Together they are 5.00 %, so that the interval at whichever look decides is one of 95 %."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Head over base: the ratio, and the ends of its 95 % interval."""

    ratio: float
    low: float
    high: float

    @property
    def noise(self) -> float:
        """Return half the width of the interval."""
        return (self.high - self.low) / 2


def estimate(pairs: Sequence[Sequence[float]], look: Look) -> Estimate:
    """Return what `pairs` say, each a sequence of its placements' logarithms of head over base, all equally long.

    There must be as many as `look` says.
    """
    values: Floats = np.asarray(pairs, dtype=np.float64)
    if values.shape[0] != look.pairs:
        raise ValueError(f"{values.shape[0]} pairs at a look at {look.pairs}")
    middles = np.sort(np.median(values, axis=1))
    drawn = np.sort(_resample(values))
    beyond_low, beyond_high = (int(chance * RESAMPLES) for chance in (look.low_chance, look.high_chance))
    low = min(middles[look.low_rank - 1], drawn[beyond_low])
    high = max(middles[-look.high_rank], drawn[-1 - beyond_high])
    return Estimate(math.exp(float(np.median(middles))), math.exp(low), math.exp(high))


def _resample(values: Floats) -> Floats:
    """Return the medians of `values` (pairs, placements) drawn again and again, at both levels: (RESAMPLES,)."""
    pairs, placements = values.shape
    random = np.random.default_rng(_SEED)
    which = random.integers(pairs, size=(RESAMPLES, pairs, 1))
    within = random.integers(placements, size=(RESAMPLES, pairs, placements))
    drawn: Floats = np.median(np.median(values[which, within], axis=2), axis=1)
    return drawn


def judge(interval: Estimate, budget: float, *, is_last: bool) -> Verdict:
    """Return what an interval says of a budget, such as 0.05 for 5 % slower; CANNOT_TELL asks for another look.

    It regressed where the whole interval lies beyond the budget, and passed where the whole interval lies within. At
    the last look it also passes where the ratio is within and the noise is no more than half of the budget.
    """
    limit = 1 + budget
    if interval.low > limit:
        return Verdict.REGRESSED
    if interval.high <= limit or (is_last and interval.ratio <= limit and interval.noise <= budget / 2):
        return Verdict.PASSED
    return Verdict.CANNOT_TELL
