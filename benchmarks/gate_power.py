"""Writes docs/gate-power.md: how often `memprof gate check --measure` finds a change of a given size, beside a burner.

    python benchmarks/gate_power.py [--pairs 60] [--burners 1] [--results FILE]

Pairs of fresh processes are measured as the gate does, on identical code and on code that is slower by a known part,
while processes that only spin hold processors. What the gate would say is then worked out from these pairs, by the
gate's own statistics. With --results each pair is appended to a file as soon as it is done, and those that the file
holds are not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from gate_noise import repository
from gate_noise_page import BATCH, RESOLUTION
from gate_power_page import BLOCKS, KINDS, PairOutcome, document

from memprof.files import write_files
from memprof.gate.measured.plan import Plan
from memprof.gate.measured.protocol import Job
from memprof.gate.measured.sampling import start_pair
from memprof.gate.measured.worktree import check_out

ROOT = Path(__file__).resolve().parents[1]


def measured(more: int) -> Iterator[PairOutcome]:
    """Yield pairs of processes, the head with `more` blocks than the base."""
    job = Job("net.py:build", "infer", BATCH, RESOLUTION, "fp32", "channels-first")
    with tempfile.TemporaryDirectory() as name:
        repository(Path(name), BLOCKS + more, committed=BLOCKS)
        with check_out(Path(name), "HEAD") as sides:
            head_first = False
            while True:
                start = time.perf_counter()
                with start_pair(sides, Plan(), head_first=head_first) as pair:
                    sample = pair.sample(job, head_first=head_first)
                seconds = time.perf_counter() - start
                yield PairOutcome(more, sample.ratios, sample.base_seconds, seconds, os.getloadavg()[0])
                head_first = not head_first


@contextmanager
def burning(processes: int) -> Iterator[None]:
    """Let processes spin for as long as the block runs."""
    with ExitStack() as stack:
        for _ in range(processes):
            burner = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(burner.kill)
        yield


def collect(each: int, burners: int, results: Path | None) -> list[PairOutcome]:
    """Measure `each` pairs of every kind that `results` does not hold; the kinds take turns, to see one load."""
    lines = results.read_text(encoding="utf-8").splitlines() if results is not None and results.exists() else []
    outcomes = [PairOutcome(**{**json.loads(line), "ratios": tuple(json.loads(line)["ratios"])}) for line in lines]
    left = Counter(dict.fromkeys(KINDS, each)) - Counter(outcome.more_blocks for outcome in outcomes)
    pairs = {more: measured(more) for more in KINDS}
    with burning(burners):
        while left:
            more = max(left, key=lambda kind: left[kind])
            made = next(pairs[more])
            left -= Counter([more])
            outcomes.append(made)
            print(f"{more:+} blocks {made.ratio:.3f} {made.seconds:5.1f} s, load {made.load:.1f}", flush=True)
            if results is not None:
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(made)) + "\n")
    for generator in pairs.values():
        generator.close()
    return [item for more in KINDS for item in [made for made in outcomes if made.more_blocks == more][:each]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60, help="pairs of processes of each kind, at least 20")
    parser.add_argument("--burners", type=int, default=1, help="processes that spin meanwhile")
    parser.add_argument("--results", type=Path, help="file that pairs are appended to, and read from")
    arguments = parser.parse_args()
    if arguments.pairs < 20:
        parser.error("measure at least 20 pairs of each kind: the gate may want as many for one verdict")
    outcomes = collect(arguments.pairs, arguments.burners, arguments.results)
    write_files(ROOT / "docs", {"gate-power.md": document(outcomes, arguments.burners).encode()})


if __name__ == "__main__":
    main()
