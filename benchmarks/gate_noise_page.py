"""The page docs/gate-noise.md, made of the runs of benchmarks/gate_noise.py."""

from __future__ import annotations

import os
import platform
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memprof.gate.measured.plan import ALLOCATOR, Plan
from memprof.gate.measured.statistics import LOOKS
from memprof.gate.records import Verdict

COMMAND = "python benchmarks/gate_noise.py"
SAME, SLOWER, DEFAULT, MAPPED = "same", "slower", "allocator kept", "allocator by default"
KINDS = (SAME, SLOWER, DEFAULT, MAPPED)
BUDGET = 0.05
BLOCKS, MORE_BLOCKS = 13, 15
BATCH, RESOLUTION = 4, 64
LARGE_BATCH, LARGE_RESOLUTION = 32, 96
LOW_CHANCE, HIGH_CHANCE = sum(look.low_chance for look in LOOKS), sum(look.high_chance for look in LOOKS)


def percent(fraction: float, digits: int) -> str:
    """Return a fraction as a percentage."""
    return f"{fraction * 100:.{digits}f} %"


INTRODUCTION = """# How far a measured verdict can be trusted

`memprof gate check --measure --against REF` times a step of today's code and of another commit's, in turns on one
machine, and fails only where the whole 95 % interval of their ratio lies beyond the budget. This page shows how often
that is wrong. It is written by a command, which measures everything again:

```sh
{command}
```
"""
DECISION = f"""## How it decides

- **In turns.** Each side has a process of its own, and only one of them works at a time: a few steps of one, a few of
  the other, in reversed order from round to round, after a warm-up, on one thread, with garbage collection off.
- **Time that others took does not count.** Linux tells for how long a process was ready to run while another one held
  the processor; that is subtracted. Elsewhere it is plain wall time.
- **The unit is a pair of fresh processes.** Where memory comes to lie makes a process faster or slower for as long as
  it lives. So there are {LOOKS[0].pairs} pairs of processes at least, and in each of them the model is built
  {Plan().placements} times, each time elsewhere in memory.
- **The ratio** is a median of medians: of the rounds with one such model, of the models of a pair, of the pairs.
- **The interval** is that of a bootstrap over pairs and models, widened where order statistics of the pairs ask for
  it: on identical code a pair is as likely above 1 as below, whatever its noise is like, so that all of
  {LOOKS[0].pairs} lie above with a chance of 1 in {2 ** LOOKS[0].pairs}. A bootstrap of few pairs promises more than
  it can keep.
- **Looking again is paid for.** Pairs are added until the interval decides, and judged when there are
  {", ".join(str(look.pairs) for look in LOOKS[:-1])} and {LOOKS[-1].pairs} of them. The chances of being wrong add up
  to {percent(LOW_CHANCE, 2)} for the lower end, which fails a change, and to {percent(HIGH_CHANCE, 2)} for the upper
  end, which passes it.
- **It passes** where the whole interval lies within the budget. After the last look it passes, too, where the ratio
  lies within and half of the interval is at most half of the budget. Otherwise it cannot tell, and says why.
- **What measures is the same on both sides**: the memprof that runs the gate. Only the model, and what it imports,
  comes from the side's own checkout; where that is a checkout of memprof, its zoo does.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what was measured, what came out, how long it took and how busy the machine was.

    `load` is the average number of programs that ran or wanted to, over the last minute, as the system counts them.
    """

    kind: str
    verdict: str
    ratio: float
    low: float
    high: float
    pairs: int
    seconds: float
    load: float
    base_seconds: float = 0.0


def document(runs: Sequence[Outcome]) -> str:
    """Return the page."""
    same, slower, kept, mapped = ([item for item in runs if item.kind == kind] for kind in KINDS)
    command = f"{COMMAND} --same {len(same)} --slower {len(slower)}"
    return "\n".join((INTRODUCTION.format(command=command), verdicts(same, slower), allocator(kept, mapped), DECISION))


def verdicts(same: Sequence[Outcome], slower: Sequence[Outcome]) -> str:
    """Return the section on identical code and on the planted change."""
    alarms, detected = (sum(item.verdict == Verdict.REGRESSED for item in runs) for runs in (same, slower))
    milliseconds = statistics.median(item.base_seconds for item in same) * 1e3
    runs = [*same, *slower]
    loads, busy = quantiles([item.load for item in runs], ".1f"), sum(map(is_busy, runs))
    return f"""## Identical code, and a change planted

{cells("", "runs", "passed", "regressed", "cannot tell", "head / base", "half of the interval", "pairs", "seconds")}
|---|--:|--:|--:|--:|--:|--:|--:|--:|
{row("the same code on both sides", same)}
{row(f"{MORE_BLOCKS} blocks in place of {BLOCKS}", slower)}

In the last four columns: the median over the runs, and in brackets the range that nine in ten lie in.

- **False alarms**: {alarms} of {len(same)} runs on identical code said "regressed", {percent(alarms / len(same), 1)}.
  Asked for is at most 1 %; by construction it is at most {percent(LOW_CHANCE, 2)}, whatever the noise is like.
- **Found**: {detected} of {len(slower)} runs on slower code said "regressed", {percent(detected / len(slower), 1)}.
  Asked for is at least 95 %.

The budget is {percent(BUDGET, 0)}. The network is {BLOCKS} convolutions of 3x3 with 32 channels, on {BATCH} images of
{RESOLUTION} pixels; its step takes {milliseconds:.1f} ms. The planted change adds {MORE_BLOCKS - BLOCKS} more of them.
The machine has {os.cpu_count()} cores ({platform.machine()}, {platform.system()}) and other programs on it: the load
average was {loads}, the run itself included. In {busy} of the {len(runs)} runs it was above the number of cores; those
took {quantiles([item.seconds for item in runs if is_busy(item)] or [0.0], ".0f")} seconds.
"""


def row(title: str, runs: Sequence[Outcome]) -> str:
    """Return a row of the table of verdicts."""
    verdicts = Counter(item.verdict for item in runs)
    counts = [str(verdicts[verdict.value]) for verdict in (Verdict.PASSED, Verdict.REGRESSED, Verdict.CANNOT_TELL)]
    rated = [item for item in runs if item.ratio]
    return cells(
        title,
        str(len(runs)),
        *counts,
        quantiles([item.ratio for item in rated], ".3f"),
        quantiles([(item.high - item.low) / 2 * 100 for item in rated], ".1f") + " %",
        quantiles([item.pairs for item in rated], ".0f"),
        quantiles([item.seconds for item in runs], ".0f"),
    )


def quantiles(values: Sequence[float], form: str) -> str:
    """Return the median and the range that nine in ten lie in."""
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def cells(*texts: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(texts)} |"


def is_busy(run: Outcome) -> bool:
    """Tell whether more programs wanted to run than there are cores."""
    return run.load > (os.cpu_count() or 1)


def allocator(kept: Sequence[Outcome], mapped: Sequence[Outcome]) -> str:
    """Return the section on the allocator's settings."""
    short, long = (statistics.median(item.base_seconds for item in runs) for runs in (kept, mapped))
    settings = ", ".join(f"`{name}={value}`" for name, value in ALLOCATOR.items())
    more = "more" if spread(kept) > spread(mapped) else "less"
    mebibytes = LARGE_BATCH * 32 * LARGE_RESOLUTION**2 * 4 / 2**20
    return f"""## What the allocator's settings are worth

Unless told otherwise, glibc maps outputs above 32 MiB afresh in every step, and each of their pages is faulted in. The
measuring processes are started with {settings}, and keep what they once had.
Identical code, a network with outputs of {mebibytes:.0f} MiB, one ratio for each pair of processes:

{cells("", "pairs of processes", "step", "deviation of the ratio", "of the step")}
|---|--:|--:|--:|--:|
{allocator_row("with the settings", kept)}
{allocator_row("without", mapped)}

In per cent, the ratio deviates {more} with the settings, as far as so few pairs tell. What they are for is the step:
without them it takes {percent(long / short - 1, 0)} longer. If that is for pages, and so the same whatever the network
computes, a network that computes 15 % longer has a step only {percent(0.15 * short / long, 1)} longer (reckoned, not
measured), and the budget is {percent(BUDGET, 0)}.
"""


def allocator_row(title: str, runs: Sequence[Outcome]) -> str:
    """Return a row of the table of the allocator's settings."""
    step = statistics.median(item.base_seconds for item in runs) * 1e3
    return cells(title, str(len(runs)), f"{step:.0f} ms", percent(spread(runs), 1), f"{spread(runs) * step:.1f} ms")


def spread(runs: Sequence[Outcome]) -> float:
    """Return the standard deviation of the logarithm of the ratio."""
    return float(np.std(np.log([item.ratio for item in runs]), ddof=1))
