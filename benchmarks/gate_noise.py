"""Writes docs/gate-noise.md: how often `memprof gate check --measure` fails identical code, and misses slower code.

    python benchmarks/gate_noise.py [--same 200] [--slower 40] [--results FILE]

Every run is a whole measurement of its own: a git worktree of the base, fresh processes, real steps of a small network
on this machine. Nothing is simulated. With --results each run is appended to a file as soon as it is done, and runs
that the file holds already are not made again: what takes hours may be interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from memprof.files import write_files
from memprof.gate.measured.against import measure_against
from memprof.gate.measured.plan import ALLOCATOR, Plan
from memprof.gate.measured.protocol import Job
from memprof.gate.measured.sampling import start_pair
from memprof.gate.measured.statistics import LOOKS
from memprof.gate.measured.worktree import check_out
from memprof.gate.records import MeasuredResult, Verdict

ROOT = Path(__file__).resolve().parents[1]
COMMAND = "python benchmarks/gate_noise.py"
SAME, SLOWER, DEFAULT, MAPPED = "same", "slower", "allocator kept", "allocator by default"
BUDGET = 0.05
BLOCKS, MORE_BLOCKS = 13, 15
BATCH, RESOLUTION = 4, 64
LARGE_BATCH, LARGE_RESOLUTION = 32, 96
PAIRS = 10
KINDS = (SAME, SLOWER, DEFAULT, MAPPED)
LOW_CHANCE, HIGH_CHANCE = sum(look.low_chance for look in LOOKS), sum(look.high_chance for look in LOOKS)
NETWORK = """
from torch import nn


def build():
    blocks = [nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()) for _ in range({blocks})]
    return nn.Sequential(nn.Conv2d(3, 32, 8, 8), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def large():
    blocks = [nn.Sequential(nn.Conv2d(32, 32, 1), nn.ReLU()) for _ in range(3)]
    return nn.Sequential(nn.Conv2d(3, 32, 1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
"""


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


def repository(folder: Path, blocks: int) -> None:
    """Make a repository of a network with `BLOCKS` blocks, and put one with `blocks` into its working tree."""
    file = folder / "net.py"
    file.write_text(NETWORK.format(blocks=BLOCKS), encoding="utf-8")
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    for command in (["init", "--quiet"], ["add", "net.py"], [*who, "commit", "--quiet", "--message", "base"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    file.write_text(NETWORK.format(blocks=blocks), encoding="utf-8")


def run(kind: str) -> Outcome:
    """Measure once, as the gate does."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        repository(Path(name), MORE_BLOCKS if kind == SLOWER else BLOCKS)
        (result,) = measure_against(
            ["net.py:build"],
            ["infer"],
            batch_size=BATCH,
            resolution=RESOLUTION,
            precision="fp32",
            layout="channels-first",
            ref="HEAD",
            budget=BUDGET,
            root=Path(name),
        )
    return outcome(kind, result, time.perf_counter() - start)


def outcome(kind: str, result: MeasuredResult, seconds: float) -> Outcome:
    """Return what is kept of a result."""
    pairs = int(result.settings["pairs of processes"])
    return Outcome(
        kind,
        result.verdict.value,
        result.ratio,
        result.low,
        result.high,
        pairs,
        seconds,
        os.getloadavg()[0],
        result.base_seconds,
    )


def pairs_with(allocator: bool) -> Iterator[Outcome]:
    """Yield pairs of processes on identical code with outputs above 32 MiB, with the settings or without."""
    plan = Plan(allocator=ALLOCATOR if allocator else {})
    kind = DEFAULT if allocator else MAPPED
    job = Job("net.py:large", "infer", LARGE_BATCH, LARGE_RESOLUTION, "fp32", "channels-first")
    with tempfile.TemporaryDirectory() as name:
        repository(Path(name), BLOCKS)
        with check_out(Path(name), "HEAD") as sides:
            while True:
                start = time.perf_counter()
                with start_pair(sides, plan, head_first=False) as pair:
                    found = pair.sample(job, head_first=False)
                ratio = float(np.exp(np.median(found.ratios)))
                yield Outcome(
                    kind,
                    "",
                    ratio,
                    ratio,
                    ratio,
                    1,
                    time.perf_counter() - start,
                    os.getloadavg()[0],
                    found.base_seconds,
                )


def collected(wanted: Counter[str], results: Path | None) -> list[Outcome]:
    """Make the runs that `wanted` counts and `results` does not hold; the kinds take turns, to see one load."""
    lines = results.read_text(encoding="utf-8").splitlines() if results is not None and results.exists() else []
    found = [Outcome(**json.loads(line)) for line in lines]
    left = wanted - Counter(outcome.kind for outcome in found)
    pairs = {DEFAULT: pairs_with(True), MAPPED: pairs_with(False)}
    while left:
        kind = max(left, key=lambda name: left[name] / wanted[name])
        made = next(pairs[kind]) if kind in pairs else run(kind)
        left -= Counter([kind])
        found.append(made)
        print(
            f"{kind:20} {made.verdict:11} {made.ratio:.3f} [{made.low:.3f}, {made.high:.3f}] {made.pairs:2} pairs "
            f"{made.seconds:5.1f} s, load {made.load:.1f}",
            flush=True,
        )
        if results is not None:
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(made)) + "\n")
    for generator in pairs.values():
        generator.close()
    return [item for kind in wanted for item in [made for made in found if made.kind == kind][: wanted[kind]]]


def quantiles(values: Sequence[float], form: str) -> str:
    """Return the median and the range that nine in ten lie in."""
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def row(title: str, runs: Sequence[Outcome]) -> str:
    """Return a row of the table of verdicts."""
    verdicts = Counter(item.verdict for item in runs)
    counts = [str(verdicts[verdict.value]) for verdict in (Verdict.PASSED, Verdict.REGRESSED, Verdict.CANNOT_TELL)]
    told = [item for item in runs if item.ratio]
    return cells(
        title,
        str(len(runs)),
        *counts,
        quantiles([item.ratio for item in told], ".3f"),
        quantiles([(item.high - item.low) / 2 * 100 for item in told], ".1f") + " %",
        quantiles([item.pairs for item in told], ".0f"),
        quantiles([item.seconds for item in runs], ".0f"),
    )


def cells(*texts: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(texts)} |"


def verdicts(same: Sequence[Outcome], slower: Sequence[Outcome]) -> str:
    """Return the section on identical code and on the planted change."""
    alarms, found = (sum(item.verdict == Verdict.REGRESSED for item in runs) for runs in (same, slower))
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
- **Found**: {found} of {len(slower)} runs on slower code said "regressed", {percent(found / len(slower), 1)}.
  Asked for is at least 95 %.

The budget is {percent(BUDGET, 0)}. The network is {BLOCKS} convolutions of 3x3 with 32 channels, on {BATCH} images of
{RESOLUTION} pixels; its step takes {milliseconds:.1f} ms. The planted change adds {MORE_BLOCKS - BLOCKS} more of them.
The machine has {os.cpu_count()} cores ({platform.machine()}, {platform.system()}) and other programs on it: the load
average was {loads}, the run itself included. In {busy} of the {len(runs)} runs it was above the number of cores; those
took {quantiles([item.seconds for item in runs if is_busy(item)] or [0.0], ".0f")} seconds.
"""


def is_busy(run: Outcome) -> bool:
    """Tell whether more programs wanted to run than there are cores."""
    return run.load > (os.cpu_count() or 1)


def spread(runs: Sequence[Outcome]) -> float:
    """Return the standard deviation of the logarithm of the ratio."""
    return float(np.std(np.log([item.ratio for item in runs]), ddof=1))


def allocator_row(title: str, runs: Sequence[Outcome]) -> str:
    """Return a row of the table of the allocator's settings."""
    step = statistics.median(item.base_seconds for item in runs) * 1e3
    return cells(title, str(len(runs)), f"{step:.0f} ms", percent(spread(runs), 1), f"{spread(runs) * step:.1f} ms")


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


def document(runs: Sequence[Outcome]) -> str:
    """Return the page."""
    same, slower, kept, mapped = ([item for item in runs if item.kind == kind] for kind in KINDS)
    command = f"{COMMAND} --same {len(same)} --slower {len(slower)}"
    return "\n".join((INTRODUCTION.format(command=command), verdicts(same, slower), allocator(kept, mapped), DECISION))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--same", type=int, default=200, help="runs on identical code")
    parser.add_argument("--slower", type=int, default=40, help="runs on code that is about 15 %% slower")
    parser.add_argument("--results", type=Path, help="file that runs are appended to, and read from")
    arguments = parser.parse_args()
    if min(arguments.same, arguments.slower) < 1:
        parser.error("make at least one run of each kind")
    wanted = Counter(dict(zip(KINDS, (arguments.same, arguments.slower, PAIRS, PAIRS), strict=True)))
    runs = collected(wanted, arguments.results)
    write_files(ROOT / "docs", {"gate-noise.md": document(runs).encode()})


if __name__ == "__main__":
    main()
