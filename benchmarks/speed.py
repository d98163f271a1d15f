"""What memprof costs, held against its limits: start-up, whole process, warm analysis, rendering, memory.

    python benchmarks/speed.py [--repeat 7]

Everything is measured in one run, in rounds that take turns, so that a busy machine slows both sides of a ratio. The
figures are medians over the rounds; one round ahead of them, which fills the file caches, is not counted. Exits with 1
where a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import memprof
from memprof import models, reports

MODEL = "inceptionnext_t"
FORMATS = ("html", "png", "csv")
MEMPROF = shutil.which("memprof", path=str(Path(sys.executable).parent)) or "memprof"
PROCESSES = {
    "import click": [sys.executable, "-c", "import click"],
    "memprof --help": [MEMPROF, "--help"],
    "import torch": [sys.executable, "-c", "import torch"],
    "memprof --json": [MEMPROF, "roofline", "--model", MODEL, "--json"],
}
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ru_maxrss: macOS counts bytes, Linux KiB."""


@dataclass(frozen=True)
class Cost:
    """What a process or a call took: `seconds` from start to end, those on the CPU, the most memory it held."""

    seconds: float
    peak_bytes: float = 0
    cpu_seconds: float = 0


def typical(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        median(cost.seconds for cost in costs),
        median(cost.peak_bytes for cost in costs),
        median(cost.cpu_seconds for cost in costs),
    )


@dataclass(frozen=True)
class Line:
    """One figure in seconds or as a ratio, and the limit on it, None where it is shown only for information."""

    what: str
    measured: float
    limit: float | None
    unit: str
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Tell whether the figure keeps to its limit."""
        return self.limit is None or self.measured <= self.limit


def run_process(command: list[str], folder: Path) -> Cost:
    """Run a command to its end, in an empty folder; only its own memory counts, not that of its predecessors."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return Cost(seconds, usage.ru_maxrss * RSS_UNIT, usage.ru_utime + usage.ru_stime)


def time_of(function: Callable[[], object]) -> Cost:
    """Return what a call takes; `cpu_seconds` far below `seconds` says that the machine was busy with other things."""
    start, cpu_start = time.perf_counter(), time.process_time()
    function()
    return Cost(time.perf_counter() - start, cpu_seconds=time.process_time() - cpu_start)


def measure_processes(rounds: int) -> dict[str, Cost]:
    """Return the medians of every process."""
    costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name, command in PROCESSES.items():
                cost = run_process(command, Path(folder))
                if number:
                    costs[name].append(cost)
    return {name: typical(samples) for name, samples in costs.items()}


def measure_warm(rounds: int) -> dict[str, Cost]:
    """Return the medians of analyses and of rendering, in this process."""
    report = memprof.analyze(MODEL)
    writers = [reports.get(name) for name in FORMATS]
    tasks: dict[str, Callable[[], object]] = {
        "build": build_on_meta,
        "infer": lambda: memprof.analyze(MODEL, phase="infer"),
        "train": lambda: memprof.analyze(MODEL, phase="train"),
        "render": lambda: [writer.render([report], reports.RenderOptions()) for writer in writers],
    }
    first_rendering = time_of(tasks["render"])
    costs = defaultdict(list)
    for number in range(rounds + 1):
        for name, task in tasks.items():
            cost = time_of(task)
            if number:
                costs[name].append(cost)
    return {"first render": first_rendering, **{name: typical(samples) for name, samples in costs.items()}}


def build_on_meta() -> None:
    """Build the model where it costs neither memory nor arithmetic, as every analysis does first."""
    import torch

    with torch.device("meta"):
        models.create_model(MODEL)


def compare(processes: dict[str, Cost], warm: dict[str, Cost]) -> list[Line]:
    """Hold what was measured against the limits."""

    def ratio_line(name: str, base: str, limit: float) -> Line:
        ours, theirs = processes[name].seconds, processes[base].seconds
        return Line(f"{name} / {base}", ours / theirs, limit, "x", f"{ours:.3f} s / {theirs:.3f} s")

    def warm_line(what: str, name: str, limit: float | None, detail: str = "") -> Line:
        return Line(what, warm[name].seconds, limit, "s", f"{warm[name].cpu_seconds:.3f} s on the CPU{detail}")

    ours, theirs = processes["memprof --json"].peak_bytes, processes["import torch"].peak_bytes
    detail = f"{ours / 1e6:.0f} MB / {theirs / 1e6:.0f} MB"
    formats = " + ".join(FORMATS)
    return [
        ratio_line("memprof --help", "import click", 3.0),
        ratio_line("memprof --json", "import torch", 1.5),
        Line("peak memory, memprof --json / import torch", ours / theirs, 1.6, "x", detail),
        warm_line("building on meta", "build", 0.06),
        warm_line("warm analysis, inference", "infer", 0.25),
        warm_line("warm analysis, training", "train", 0.6),
        warm_line(f"{formats}, warm", "render", 1.0),
        warm_line(f"{formats}, first in a process", "first render", None, "; imports matplotlib, pandas"),
    ]


def table(lines: list[Line]) -> str:
    """Return the lines as text, one row each."""
    width = max(len(line.what) for line in lines)
    rows = [f"{'what':<{width}}  {'measured':>9}  {'limit':>7}  ok"]
    for line in lines:
        limit = "-" if line.limit is None else f"{line.limit:.2f} {line.unit}"
        verdict = "-" if line.limit is None else "yes" if line.is_met else "NO"
        measured = f"{line.measured:.3f} {line.unit}"
        rows.append(f"{line.what:<{width}}  {measured:>9}  {limit:>7}  {verdict:<3}  {line.detail}".rstrip())
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold what memprof costs against its limits.")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="rounds that are counted (default: 7)")
    rounds: int = parser.parse_args().repeat
    if rounds < 1:
        parser.error("--repeat takes a number of at least 1")
    lines = compare(measure_processes(rounds), measure_warm(rounds))
    print(f"{MODEL}, medians of {rounds} rounds; `memprof --json` is `memprof roofline --model {MODEL} --json`")
    print(table(lines))
    sys.exit(0 if all(line.is_met for line in lines) else 1)


if __name__ == "__main__":
    main()
