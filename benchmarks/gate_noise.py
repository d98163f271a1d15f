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
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from gate_noise_page import (
    BATCH,
    BLOCKS,
    BUDGET,
    DEFAULT,
    KINDS,
    LARGE_BATCH,
    LARGE_RESOLUTION,
    MAPPED,
    MORE_BLOCKS,
    RESOLUTION,
    SLOWER,
    Outcome,
    document,
)

from memprof.files import write_files
from memprof.gate.measured.against import measure_against
from memprof.gate.measured.plan import ALLOCATOR, Plan
from memprof.gate.measured.protocol import Job
from memprof.gate.measured.sampling import start_pair
from memprof.gate.measured.worktree import check_out
from memprof.gate.records import MeasuredResult

ROOT = Path(__file__).resolve().parents[1]
PAIRS = 10
NETWORK = """
from torch import nn


def build():
    blocks = [nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()) for _ in range({blocks})]
    return nn.Sequential(nn.Conv2d(3, 32, 8, 8), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def large():
    blocks = [nn.Sequential(nn.Conv2d(32, 32, 1), nn.ReLU()) for _ in range(3)]
    return nn.Sequential(nn.Conv2d(3, 32, 1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
"""


def repository(folder: Path, blocks: int, committed: int = BLOCKS) -> None:
    """Make a repository of a network with `committed` blocks, and put one with `blocks` into its working tree."""
    file = folder / "net.py"
    file.write_text(NETWORK.format(blocks=committed), encoding="utf-8")
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


def process_pairs(allocator: bool) -> Iterator[Outcome]:
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
                    sample = pair.sample(job, head_first=False)
                ratio = float(np.exp(np.median(sample.ratios)))
                yield Outcome(
                    kind,
                    "",
                    ratio,
                    ratio,
                    ratio,
                    1,
                    time.perf_counter() - start,
                    os.getloadavg()[0],
                    sample.base_seconds,
                )


def collect(wanted: Counter[str], results: Path | None) -> list[Outcome]:
    """Make the runs that `wanted` counts and `results` does not hold; the kinds take turns, to see one load."""
    lines = results.read_text(encoding="utf-8").splitlines() if results is not None and results.exists() else []
    outcomes = [Outcome(**json.loads(line)) for line in lines]
    left = wanted - Counter(outcome.kind for outcome in outcomes)
    pairs = {DEFAULT: process_pairs(True), MAPPED: process_pairs(False)}
    while left:
        kind = max(left, key=lambda name: left[name] / wanted[name])
        made = next(pairs[kind]) if kind in pairs else run(kind)
        left -= Counter([kind])
        outcomes.append(made)
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
    return [item for kind in wanted for item in [made for made in outcomes if made.kind == kind][: wanted[kind]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--same", type=int, default=200, help="runs on identical code")
    parser.add_argument("--slower", type=int, default=40, help="runs on code that is about 15 %% slower")
    parser.add_argument("--results", type=Path, help="file that runs are appended to, and read from")
    arguments = parser.parse_args()
    if min(arguments.same, arguments.slower) < 1:
        parser.error("make at least one run of each kind")
    wanted = Counter(dict(zip(KINDS, (arguments.same, arguments.slower, PAIRS, PAIRS), strict=True)))
    runs = collect(wanted, arguments.results)
    write_files(ROOT / "docs", {"gate-noise.md": document(runs).encode()})


if __name__ == "__main__":
    main()
