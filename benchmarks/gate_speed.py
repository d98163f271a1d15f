"""What `memprof gate check` of six workloads costs, held against importing torch: at most 2.5 times that.

    python benchmarks/gate_speed.py [--rounds 9] [--limit 2.5]

Both run in turns, each a process of its own, so that a busy machine slows both sides of a ratio. The figures are
medians over the rounds; one round ahead of them, which fills the file caches, is not counted. The ratio is the median
of the rounds' own ratios, with the lowest and highest. Exits with 1 where it exceeds the limit.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MODELS = ("resnet50", "convnext_t", "inceptionnext_t")
MEMPROF = shutil.which("memprof", path=str(Path(sys.executable).parent)) or "memprof"
TORCH = [sys.executable, "-c", "import torch"]
CHECK = [MEMPROF, "gate", "check"]
IN_CI = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITLAB_CI")


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds from start to end, and those on the CPU."""

    seconds: float
    cpu_seconds: float


def run(command: list[str], folder: Path) -> Cost:
    environment = {name: value for name, value in os.environ.items() if name not in IN_CI}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--limit", type=float, default=2.5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([MEMPROF, "gate", "init", *(word for model in MODELS for word in ("--model", model))], folder)
        baseline = (folder / "memprof-baseline.json").stat().st_size
        rounds = [(run(TORCH, folder), run(CHECK, folder)) for _ in range(options.rounds + 1)][1:]
    print(f"baseline of {2 * len(MODELS)} workloads: {baseline:,} bytes")
    ratios = {}
    for kind in ("seconds", "cpu_seconds"):
        torch, check = ([getattr(pair[side], kind) for pair in rounds] for side in (0, 1))
        ratios[kind] = sorted(ours / theirs for theirs, ours in zip(torch, check, strict=True))
        print(
            f"{kind:12} import torch {median(torch):6.3f} s   gate check {median(check):6.3f} s   ratio "
            f"{median(ratios[kind]):.2f} ({ratios[kind][0]:.2f} to {ratios[kind][-1]:.2f}, {options.rounds} rounds)"
        )
    return 0 if median(ratios["seconds"]) <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
