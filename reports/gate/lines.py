"""Where a result's workloads stand in the baseline and the configuration, for annotations on their lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from memprof.gate.records import GateResult, GateWorkload

_WORKLOAD = re.compile(r'"workload"\s*:\s*(?=\{)')


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of the files that a check was made with; "" where one is not known."""

    baseline: str = ""
    config: str = ""


def workload_place(result: GateResult, workload: GateWorkload, sources: Sources) -> Place:
    """Return where the baseline has a workload; where it lacks it, where the configuration names its model."""
    line = workload_line(sources.baseline, workload)
    return Place(result.baseline, line) if line else model_place(result, workload.model, sources)


def model_place(result: GateResult, model: str, sources: Sources) -> Place:
    """Return where memprof's section of the configuration names a model, or else where it begins."""
    named = re.compile(rf"(?<![\w.:/=-]){re.escape(model)}(?![\w.:/=-])") if model.strip() else None
    for number, line in enumerate(sources.config.split("\n"), 1):
        if named and number >= result.config_line and named.search(line):
            return Place(result.config, number)
    return Place(result.config, max(1, result.config_line))


def workload_line(baseline: str, workload: GateWorkload) -> int | None:
    """Return the line on which the text of a baseline begins to tell a workload, None where it does not have it."""
    wanted = asdict(workload)
    decoder = json.JSONDecoder()
    for match in _WORKLOAD.finditer(baseline):
        try:
            value: Mapping[str, object] = decoder.raw_decode(baseline, match.end())[0]
        except (ValueError, RecursionError):
            continue
        if {"inputs": "", **value} == wanted:  # which a baseline leaves out where there are none
            return baseline.count("\n", 0, match.start()) + 1
    return None
