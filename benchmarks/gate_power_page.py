"""The page docs/gate-power.md, made of the pairs that benchmarks/gate_power.py measures."""

from __future__ import annotations

import math
import os
import platform
import statistics
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gate_noise_page import BATCH, BUDGET, RESOLUTION, cells, percent, quantiles

from memprof.gate.measured.statistics import LOOKS, estimate, judge
from memprof.gate.records import Verdict

COMMAND = "python benchmarks/gate_power.py"
BLOCKS = 24
KINDS = (0, 2, 4)
"""Blocks that the head has more than the base: none, a twelfth, a sixth."""
EFFECTS = (0.0, 0.02, 0.04, 0.05, 0.06, 0.07, 0.08, 0.10, 0.12, 0.15, 0.20)
DRAWN = 60
_SEED = 20_261
_VERDICTS = (Verdict.PASSED, Verdict.REGRESSED, Verdict.CANNOT_TELL)


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One pair of processes: the logarithm of head over base of each placement, a step of the base in seconds.

    `seconds` is what the pair took in all, `load` the average number of programs that ran or wanted to.
    """

    more_blocks: int
    ratios: tuple[float, ...]
    base_seconds: float
    seconds: float
    load: float

    @property
    def ratio(self) -> float:
        """Return head over base."""
        return math.exp(statistics.median(self.ratios))


def document(pairs: Sequence[PairOutcome], burners: int) -> str:
    """Return the page."""
    kinds = {more: [item for item in pairs if item.more_blocks == more] for more in KINDS}
    each = len(kinds[0])
    return f"""# How small a change the measured gate finds, beside a burner

[gate-noise.md](gate-noise.md) says how often a measured verdict is wrong. This page says how large a change must be to
be found on a machine that is busy. It is written by a command, which measures everything again:

```sh
{COMMAND} --pairs {each} --burners {burners}
```

{setting(pairs, kinds, burners)}
## Code that is slower

{cells("the head", "head / base", *TITLES)}
|---|--:|--:|--:|--:|
{rows(kinds)}

The ratio is that of all pairs, in brackets the range that nine in ten pairs lie in.

## The power curve

The pairs of identical code, with every ratio made larger by the change in the first column: the noise is measured, the
change reckoned.

{cells("true change", *TITLES)}
|--:|--:|--:|--:|
{curve(kinds[0])}

The budget is {percent(BUDGET, 0)}: a change below it should pass, one beyond it should be found.
"""


TITLES = ("passed", "regressed", "cannot tell")


def setting(pairs: Sequence[PairOutcome], kinds: dict[int, list[PairOutcome]], burners: int) -> str:
    """Return what was measured where."""
    step = statistics.median(item.base_seconds for item in kinds[0]) * 1e3
    looks = ", ".join(str(look.pairs) for look in LOOKS[:-1])
    paragraphs = (
        f"The network is {BLOCKS} convolutions of 3x3 with 32 channels, on {BATCH} images of {RESOLUTION} pixels; its "
        f"step takes {step:.1f} ms. {len(kinds[0])} pairs of fresh processes were measured of each kind, in turns, on "
        f"{os.cpu_count()} processors ({platform.machine()}, {platform.system()}), while {burners} more "
        f"process{' only spun' if burners == 1 else 'es only spun'} and others worked: the load average was "
        f"{quantiles([item.load for item in pairs], '.1f')}, a pair took "
        f"{quantiles([item.seconds for item in pairs], '.1f')} seconds.",
        f"Of these pairs {DRAWN} runs of the gate are drawn, each of {looks} or {LOOKS[-1].pairs} of them, and judged "
        "as the gate judges. The shares below are of these runs; they share pairs, so that they are no more certain "
        f"than {len(kinds[0])} pairs make them.",
    )
    return "\n\n".join(textwrap.fill(paragraph, 120) for paragraph in paragraphs) + "\n"


def rows(kinds: dict[int, list[PairOutcome]]) -> str:
    """Return a line for each kind of pair as it was measured."""
    lines = []
    for more, pairs in kinds.items():
        title = f"{BLOCKS + more} blocks in place of {BLOCKS}" if more else "the same code"
        lines.append(cells(title, quantiles([item.ratio for item in pairs], ".3f"), *shares(pairs, 0.0)))
    return "\n".join(lines)


def curve(pairs: Sequence[PairOutcome]) -> str:
    """Return a line for each effect."""
    return "\n".join(cells(percent(effect, 0), *shares(pairs, effect)) for effect in EFFECTS)


def shares(pairs: Sequence[PairOutcome], effect: float) -> tuple[str, ...]:
    """Return how often the gate passes, fails and cannot tell, where every ratio is larger by `effect`."""
    values = np.array([item.ratios for item in pairs]) + math.log1p(effect)
    chance = np.random.default_rng(_SEED)
    said = Counter(verdict(values[chance.integers(len(values), size=LOOKS[-1].pairs)]) for _ in range(DRAWN))
    return tuple(percent(said[name] / DRAWN, 1) for name in _VERDICTS)


def verdict(values: np.ndarray) -> Verdict:
    """Judge pairs as the gate does: at its looks, until one decides."""
    for look in LOOKS:
        interval = estimate(values[: look.pairs].tolist(), look)
        said = judge(interval, BUDGET, is_last=look is LOOKS[-1])
        if said is not Verdict.CANNOT_TELL:
            return said
    return Verdict.CANNOT_TELL
