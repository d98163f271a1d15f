"""What reading a trace costs, held against `orjson.loads` on the decompressed bytes: time, memory, growth.

    python benchmarks/trace_speed.py [--trace FILE] [--events 100000] [--repeat 7] [--shapes]

The file, by default the largest of ../shared/traces, is tiled until it has enough events, once, twice and four times
as many. Every figure comes from a process of its own, in rounds that take turns; they are medians. Time is that of the
CPU, since nothing here waits and other programs should not count. Imports are not timed, and the memory that they take
(fvcore, which the analysis counts with, imports torch) is shown apart. With `--shapes`, files of the shapes on which
readers become quadratic are read instead, with 20,000 events and with 40,000. Exits with 1 where a limit is exceeded.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from trace_shapes import SHAPES

ROOT = Path(__file__).parents[1]
TRACES = ROOT.parent / "shared" / "traces"
MOST_TIME, MOST_READING, MOST_MEMORY, MOST_GROWTH = 5.0, 3.0, 6.0, 1.25
"""Times orjson's, for reading and analysis together and for reading alone; times the text's size; and how much more
an event of the largest file may cost than one of the smallest."""
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ru_maxrss: macOS counts bytes, Linux KiB."""

_WORKER = """
import json, resource, sys, time
from pathlib import Path
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
what, path = sys.argv[1], Path(sys.argv[2])
if what == "orjson":
    import orjson
    before = peak()
    text = path.read_bytes()
    start = time.process_time()
    result = orjson.loads(text)
else:
    from memprof.traces.reading import read_trace
    if what == "analysis":
        import fvcore.nn
        from memprof.analysis.traced import analyze_trace
    before = peak()
    start = time.process_time()
    result = read_trace(path)
    if what == "analysis":
        result = analyze_trace(result)
seconds = time.process_time() - start
print(json.dumps([seconds, peak() - before, before]))
"""
WHAT = ("orjson", "reading", "analysis")


def tile(trace: dict[str, Any], copies: int) -> bytes:
    """Return a trace with its events `copies` times, one after the other, numbered on."""
    events = trace["traceEvents"]
    timed = [event for event in events if event.get("ph") == "X"]
    span = max(event["ts"] + event.get("dur", 0) for event in timed) - min(event["ts"] for event in timed)
    tiled = [_moved(event, copy, copy * (span + 1)) for copy in range(copies) for event in events]
    return orjson.dumps({**trace, "traceEvents": tiled})


def _moved(event: dict[str, Any], copy: int, offset: float) -> dict[str, Any]:
    moved = {**event, "ts": event["ts"] + offset}
    if event.get("name", "").startswith("ProfilerStep#"):
        moved["name"] = f"ProfilerStep#{int(event['name'].partition('#')[2]) + 1000 * copy}"
    arguments = event.get("args", {})
    numbers = [name for name in ("correlation", "External id", "Sequence number") if name in arguments]
    if numbers:
        moved["args"] = {**arguments, **{name: arguments[name] + 10_000_000 * copy for name in numbers}}
    return moved


def make_files(source: Path, events: int, paths: dict[int, Path], packed: Path) -> None:
    """Write the tiled traces, in a process of its own: a child's peak memory begins with its parent's."""
    text = source.read_bytes()
    trace = orjson.loads(gzip.decompress(text) if text.startswith(b"\x1f\x8b") else text)
    copies = -(-events // len(trace["traceEvents"]))
    for times, path in paths.items():
        path.write_bytes(tile(trace, copies * times))
    packed.write_bytes(gzip.compress(paths[1].read_bytes(), 6))


def run(what: str, path: Path) -> tuple[float, float, float]:
    """Return the seconds of one process, the most bytes it took for the trace, and those of its imports."""
    done = subprocess.run([sys.executable, "-c", _WORKER, what, str(path)], check=True, capture_output=True, text=True)
    seconds, peak, imports = json.loads(done.stdout)
    return seconds, peak * RSS_UNIT, imports * RSS_UNIT


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", type=Path, default=TRACES / "v100_resnet50_train_fp32_b32_kineto_2021.json.gz")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--shapes", action="store_true", help="read hostile shapes instead")
    options = parser.parse_args()
    if options.shapes:
        return report_shapes(options.repeat)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {times: folder / f"{times}.json" for times in (1, 2, 4)}
        packed = folder / "1.json.gz"
        spawn = multiprocessing.get_context("spawn")
        maker = spawn.Process(target=make_files, args=(options.trace, options.events, paths, packed))
        maker.start()
        maker.join()
        return maker.exitcode or report(paths, packed, options.repeat)


def report_shapes(repeat: int, events: int = 20_000) -> int:
    """Print what hostile shapes cost and what twice as many events do to that; return 1 where a limit is exceeded."""
    failed = False
    with tempfile.TemporaryDirectory() as name:
        for shape, make in SHAPES.items():
            paths = [Path(name) / f"{shape}-{times}.json" for times in (1, 2)]
            for path, times in zip(paths, (1, 2), strict=True):
                path.write_bytes(make(events * times))
            costs = [[run("analysis", path)[:2] for path in paths] for _ in range(repeat)]
            seconds, twice = (median(each[place][0] for each in costs) for place in range(2))
            memory, more = (median(each[place][1] for each in costs) for place in range(2))
            times, growth = twice / seconds / 2, more / memory / 2
            exceeded = max(times, growth) > MOST_GROWTH
            failed |= exceeded
            print(
                f"{shape:28} {seconds:6.2f} s, {times:.2f} x per event of twice as many; memory "
                f"{memory / paths[0].stat().st_size:5.1f} x text, {growth:.2f} x" + ("  EXCEEDED" if exceeded else "")
            )
    return int(failed)


def report(paths: dict[int, Path], packed: Path, repeat: int) -> int:
    """Print what everything costs and return 1 where a limit is exceeded."""
    costs: dict[tuple[str, int], list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(repeat):
        for times, path in paths.items():
            for what in WHAT:
                costs[what, times].append(run(what, path))
        costs["packed", 1].append(run("reading", packed))
    seconds = {key: median(item[0] for item in items) for key, items in costs.items()}
    imports = {key: median(item[2] for item in items) for key, items in costs.items()}
    peaks = {key: median(item[1] for item in items) for key, items in costs.items()}
    worst = {"reading": 0.0, "analysis": 0.0, "packed": 0.0, "memory": 0.0}
    for (what, times), value in seconds.items():
        size = paths[times].stat().st_size
        ratio, memory = value / seconds["orjson", times], peaks[what, times] / size
        print(
            f"{what:9} {size / 1e6:7.1f} MB  {value:7.3f} s  "
            f"{ratio:5.2f} x orjson  peak {peaks[what, times] / 1e6:7.1f} MB  {memory:5.2f} x text  "
            f"imports {imports[what, times] / 1e6:5.1f} MB"
        )
        if what != "orjson":
            worst[what] = max(worst[what], ratio)
            worst["memory"] = max(worst["memory"], memory)
    growth = {what: seconds[what, 4] / seconds[what, 1] / 4 for what in WHAT}
    print("per event, four times as many:", ", ".join(f"{what} {value:.2f} x" for what, value in growth.items()))
    limits = [
        ("reading", worst["reading"], MOST_READING),
        ("reading of gzip", worst["packed"], MOST_READING),
        ("reading and analysis", worst["analysis"], MOST_TIME),
        ("memory", worst["memory"], MOST_MEMORY),
        ("growth", max(growth["reading"], growth["analysis"]), MOST_GROWTH),
    ]
    for what, value, limit in limits:
        print(f"{what}: {value:.2f}, at most {limit:g}" + ("" if value <= limit else "  EXCEEDED"))
    return int(any(value > limit for _, value, limit in limits))


if __name__ == "__main__":
    sys.exit(main())
