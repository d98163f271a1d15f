"""The gate's records: what a baseline holds, and what a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import msgspec

BASELINE_SCHEMA = "memprof.gate-baseline/1"
LARGEST = 2**62
"""Of whole numbers: counts beyond are of no network, and of no use in arithmetic."""
RESULT_SCHEMA = "memprof.gate-result/1"


@dataclass(frozen=True, slots=True, order=True)
class GateWorkload:
    """What is gated: one model's step on one device. Figures of different workloads are not comparable.

    `model` is a name or spec as `memprof roofline --model` takes it; the rest is as in `memprof.report.Workload`, but
    for a resolution of 0 where inputs have none.
    """

    model: str
    phase: str
    device: str
    batch_size: int
    resolution: int
    precision: str
    layout: str
    inputs: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a step, in base units; all of them the same on every machine.

    `parameters`, `flops`, `macs_per_image`, `launches` and bytes are counts; `seconds`, `images_per_second` and
    `peak_memory_bytes` are predictions. `coverage` is the fraction of bytes that operators with a formula move.
    `bound_shares` are the fractions of the predicted time by what bounds it.
    """

    parameters: int
    flops: float
    macs_per_image: float
    dram_bytes: float
    l2_bytes: float
    l1_bytes: float
    launches: int
    seconds: float
    images_per_second: float
    peak_memory_bytes: float
    coverage: float
    bound_shares: Mapping[str, float]


Record = TypeVar("Record", GateWorkload, Figures)


def to_record(values: Mapping[str, object], kind: type[Record]) -> Record:
    """Return the workload or the figures that a file holds; ValueError where they are not just those."""
    unknown = next((name for name in values if name not in kind.__dataclass_fields__), None)
    if unknown is not None:
        raise ValueError(f"{unknown!r} is no field of {'figures' if kind is Figures else 'a workload'}")
    large = next((name for name, value in values.items() if isinstance(value, int) and abs(value) > LARGEST), None)
    if large is not None:
        raise ValueError(f"{large} is larger than any such figure")
    return msgspec.convert(values, kind)


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """Calls of one operator that are equal in each of `modules`; calls and amounts are those of ONE module.

    `layouts` are the memory formats of the inputs, by the words of `OperatorRow.input_layouts`.
    """

    operator: str
    kind: str
    phase: str
    modules: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    layouts: tuple[str, ...]
    dtype: str
    bound: str
    calls: int
    launches: int
    flops: float
    dram_bytes: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Entry:
    """The accepted figures of one workload, and the operators that make them up."""

    workload: GateWorkload
    figures: Figures
    operators: tuple[OperatorLine, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted figures, with what made them: memprof's version, that of its cost model, versions of libraries.

    `devices` has for each device and precision ("a100-sxm4-40gb tf32") a print that differs where its figures, the
    host or the stack differ.
    """

    schema: str
    memprof: str
    cost_model: int
    environment: Mapping[str, str]
    entries: tuple[Entry, ...]
    devices: Mapping[str, str] = field(default_factory=dict)


class Verdict(StrEnum):
    """What a check says; the worst of several counts."""

    PASSED = "passed"
    IMPROVED = "improved"
    """Better by more than the budget: accept it, so that it cannot be lost again unnoticed."""
    REGRESSED = "regressed"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One figure held against its baseline.

    `change` is after / before - 1, None where `before` is zero; `budget` is in words, as in the configuration.
    """

    metric: str
    before: float
    after: float
    change: float | None
    budget: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in one module: an operator that appeared, vanished, grew, or changed its shape, dtype and so on.

    `what` is "new", "gone", "more calls", "fewer calls", "shape", "dtype", "layout", "bound", "work" (more or less of
    it for the same inputs), "renamed" or "other" (predicted time of operators that did not change). `module` may name
    several ("stages.2.blocks.0-8"); `operator` is "" where there are several. `text` is the whole sentence. Deltas are
    of the step, after minus before: calls, kernel launches, DRAM bytes, FLOPs and predicted seconds.
    """

    what: str
    module: str
    operator: str
    text: str
    calls: int
    launches: int
    flops: float
    dram_bytes: float
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkloadResult:
    """What a check found for one workload; `reasons` say why it cannot tell, where it cannot."""

    workload: GateWorkload
    verdict: Verdict
    metrics: tuple[MetricVerdict, ...] = ()
    changes: tuple[Change, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredResult:
    """Wall time of base and head, measured in turns on one machine.

    `ratio` is head over base, from `rounds` paired rounds; `low` and `high` are the ends of its 95 % interval. `noise`
    is half that interval's width. `budget` is the ratio that must not be exceeded, less one. `settings` are what the
    measuring processes were started with.
    """

    model: str
    phase: str
    batch_size: int
    base: str
    head: str
    rounds: int
    base_seconds: float
    head_seconds: float
    ratio: float
    low: float
    high: float
    noise: float
    budget: float
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a check found, all workloads together.

    `baseline` and `config` are the files, as the user knows them; `remedy` is what to do next where it did not pass.
    `strict`: an improvement beyond the budget does not pass either. `config_line` is where memprof's section begins.
    """

    schema: str
    verdict: Verdict
    baseline: str
    config: str
    results: tuple[WorkloadResult, ...]
    measured: tuple[MeasuredResult, ...] = ()
    notes: tuple[str, ...] = ()
    remedy: str = ""
    strict: bool = False
    config_line: int = 1
