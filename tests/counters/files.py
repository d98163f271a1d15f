"""Files as Nsight Compute prints them, made by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

NS, DRAM, L2, L1 = "gpu__time_duration.sum", "dram__bytes.sum", "lts__t_bytes.sum", "l1tex__t_bytes.sum"
KERNEL = '"ID","Process ID","Process Name","Host Name","Kernel Name"'
SIZE = f'{KERNEL},"Context","Stream","Block Size","Grid Size","Device","CC"'
LONG_HEADER = f'{SIZE},"Section Name","Metric Name","Metric Unit","Metric Value"'
BASE = {NS: "nsecond", DRAM: "byte", L2: "byte", L1: "byte"}

Cells = Sequence[tuple[str, Mapping[str, str]]]
"""Runs of kernels in order: the name, and what is printed for each metric."""


def _start(place: int, name: str) -> list[str]:
    return [str(place), "77", "python", "host", name, "1", "7", "(256, 1, 1)", "(80, 2, 1)", "0", "8.0"]


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return text.getvalue()


def long_form(runs: Cells, units: Mapping[str, str] = BASE) -> str:
    """Return what `ncu --csv` prints: a line for each metric of each kernel."""
    lines = [LONG_HEADER + "\n"]
    for place, (name, metrics) in enumerate(runs):
        lines += [
            _line([*_start(place, name), "Command line profiler metrics", metric, units.get(metric, ""), value])
            for metric, value in metrics.items()
        ]
    return "".join(lines)


def wide_form(runs: Cells, units: Mapping[str, str] = BASE) -> str:
    """Return what `ncu --csv --page raw` prints: a line for each kernel, the first for the units."""
    names = list(dict.fromkeys(metric for _, metrics in runs for metric in metrics))
    lines = [SIZE + "".join(f',"{name}"' for name in names) + "\n"]
    lines.append(_line([""] * 11 + [units.get(name, "") for name in names]))
    lines += [
        _line([*_start(place, name), *(metrics.get(metric, "") for metric in names)])
        for place, (name, metrics) in enumerate(runs)
    ]
    return "".join(lines)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "counters.csv"
    path.write_text(text, encoding=encoding)
    return path
