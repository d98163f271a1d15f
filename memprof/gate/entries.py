"""Today's figures of the workloads that a configuration names: reports become entries, rounded as in a baseline."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from itertools import product
from pathlib import PurePath

from memprof._version import COST_MODEL, __version__
from memprof.analysis.asking import Resolution, ask
from memprof.errors import GateError
from memprof.gate.config import GateConfig
from memprof.gate.identity import describe, implausible_figures
from memprof.gate.metrics import METRICS, SHARES
from memprof.gate.modules import natural_order
from memprof.gate.records import BASELINE_SCHEMA, Baseline, Entry, Figures, GateWorkload, OperatorLine
from memprof.report.digest import digest
from memprof.report.record import OperatorRow, Report
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import Phase

LIBRARIES = ("torch", "fvcore")
"""Libraries whose version may change figures: torch decides which operators a step has, fvcore counts FLOPs."""
_DIGITS = 9
_OPERATOR_DIGITS = 6
"""Of an operator's seconds, which explain a change and are not gated."""
_FEW_TENSORS = 16
_WORDS = ("name", "title", "maker")
"""What of a device's record decides words, and no figure."""


@dataclass(frozen=True, slots=True)
class Job:
    """One simulation of a model, whose step is held against every device; `number` of `count` to be done."""

    model: str
    phase: str
    batch_size: int | None
    resolution: Resolution
    layout: str
    precision: str | None
    number: int
    count: int


def jobs(config: GateConfig) -> list[Job]:
    """Return what is to be simulated; GateError or ModelError where a model is unknown, before anything is run."""
    from memprof import devices, models
    from memprof.devices import hosts

    with contextlib.chdir(config.folder):
        for model in config.models:
            models.canonical_name(model)
        for device in config.devices:
            devices.get(device)
        hosts.get(config.host)
    parse_stack(config.stack)
    for batch_size, resolution in product(config.batch_sizes or (None,), config.resolutions or (None,)):
        ask(config.inputs, resolution, batch_size)
    combinations = list(
        product(
            config.models,
            config.phases,
            config.batch_sizes or (None,),
            config.resolutions or (None,),
            config.layouts,
            config.precisions or (None,),
        )
    )
    return [Job(*settings, number, len(combinations)) for number, settings in enumerate(combinations, 1)]


def analyze_job(job: Job, config: GateConfig) -> list[Report]:
    """Analyse one job on every device of the configuration; names of files are taken from the configuration's folder.

    ModelError where the model does not run, WorkloadError or DeviceError where it cannot be analysed like that.
    """
    from memprof.analysis.simulated import analyze_on

    asked = ask(config.inputs, job.resolution, job.batch_size)
    with contextlib.chdir(config.folder):
        return analyze_on(
            job.model,
            config.devices,
            task=asked.task,
            batch_size=asked.batch_size,
            resolution=asked.resolution,
            phase=job.phase,
            precision=job.precision,
            layout=job.layout,
            host=config.host,
            stack=config.stack,
        )


def collect(reports: Iterable[Report]) -> Baseline:
    """Return reports as a baseline of today; GateError where a figure is none that could ever be held against one."""
    entries: dict[GateWorkload, Entry] = {}
    prints: dict[str, str] = {}
    for report in reports:
        entry = entry_of(report)
        bad = implausible_figures(entry.figures)
        if bad:
            raise GateError(f"{describe(entry.workload)} cannot be gated: {bad[0]}", "gate a model that does some work")
        if entry.workload in entries:
            raise GateError(f"{describe(entry.workload)} is gated twice", "name each model and device once")
        entries[entry.workload] = entry
        prints[f"{report.device.name} {report.workload.precision}"] = _fingerprint(report)
    return Baseline(
        schema=BASELINE_SCHEMA,
        memprof=__version__,
        cost_model=COST_MODEL,
        environment=versions(),
        entries=tuple(entries[workload] for workload in sorted(entries)),
        devices=dict(sorted(prints.items())),
    )


def versions() -> dict[str, str]:
    """Return the versions of what figures depend on, without the "+cpu" of one machine or another."""
    return {name: metadata.version(name).partition("+")[0] for name in sorted(LIBRARIES)}


def entry_of(report: Report) -> Entry:
    """Return what the gate keeps of a report."""
    work = report.workload
    workload = GateWorkload(
        _plain_model(work.model),
        work.phase,
        report.device.name,
        work.batch_size,
        work.resolution or 0,
        work.precision,
        work.layout,
        work.inputs,
    )
    return Entry(workload, _figures(report), _lines(report))


def _figures(report: Report) -> Figures:
    totals, memory = report.totals, report.memory
    if memory is None:
        raise GateError(f"the report of {report.workload.model} does not tell its memory", "simulate the model")
    amounts = {
        **{name: getattr(totals, name) for name in METRICS if hasattr(totals, name)},
        "peak_memory_bytes": memory.peak_bytes,
        "coverage": report.coverage.bytes,
    }
    shares = {group.name: _round_digits(group.time_share) for group in digest(report).bounds}
    return round_figures(Figures(**amounts, bound_shares=dict(sorted(shares.items()))))


def round_figures(figures: Figures) -> Figures:
    """Return figures as a baseline holds them: counts in whole numbers, the rest to nine significant digits."""
    amounts = {
        name: _round_whole(getattr(figures, name)) if metric.is_count else _round_digits(getattr(figures, name))
        for name, metric in METRICS.items()
        if name != SHARES
    }
    integers = {name: int(amounts[name]) for name in ("parameters", "launches")}
    return Figures(**{**amounts, **integers}, bound_shares=figures.bound_shares)  # type: ignore[arg-type]


def _lines(report: Report) -> tuple[OperatorLine, ...]:
    """Return the operators, those of modules that do the same in one line."""
    modules: dict[OperatorLine, list[str]] = defaultdict(list)
    for row in report.operators:
        modules[_line(row)].append(row.module)
    lines = []
    for line, names in modules.items():
        # A module occurs twice where its calls differ in what a line does not tell, such as strides.
        for times in range(1, max(Counter(names).values()) + 1):
            here = [name for name, count in Counter(names).items() if count >= times]
            lines.append(replace(line, modules=tuple(sorted(here, key=_range_order))))
    return tuple(sorted(lines, key=_line_order))


_PHASES = tuple(map(str, Phase))


def _line_order(line: OperatorLine) -> tuple[object, ...]:
    phase = _PHASES.index(line.phase) if line.phase in _PHASES else len(_PHASES)
    return (
        phase,
        [natural_order(name) for name in line.modules],
        line.operator,
        line.kind,
        line.dtype,
        line.shapes,
        line.layouts,
        line.bound,
        line.calls,
        line.launches,
        line.flops,
        line.dram_bytes,
        line.seconds,
    )


def _range_order(name: str) -> tuple[object, ...]:
    """Sort modules so that those lie side by side that differ in one number: "0.bn1", "1.bn1", "0.bn2", "1.bn2"."""
    parts = name.split(".")
    numbers = [place for place, part in enumerate(parts) if part.isdecimal()]
    if not numbers:
        return natural_order(name), 0, name
    last = numbers[-1]
    return natural_order(".".join([*parts[:last], "0", *parts[last + 1 :]])), int(parts[last]), name


def _line(row: OperatorRow) -> OperatorLine:
    tensors = list(zip(row.input_shapes, row.input_layouts, strict=True))
    if len(tensors) > _FEW_TENSORS:  # an update of all parameters at once: the shapes that occur, each once
        tensors = list(dict.fromkeys(tensors))
    return OperatorLine(
        operator=row.name,
        kind=row.kind,
        phase=row.phase,
        modules=(),
        shapes=tuple(shape for shape, _ in tensors),
        layouts=tuple(layout for _, layout in tensors),
        dtype=row.dtype,
        bound=row.bound,
        calls=row.calls,
        launches=row.launches,
        flops=_round_whole(row.flops),
        dram_bytes=_round_whole(row.dram_bytes),
        seconds=_round_digits(row.seconds, _OPERATOR_DIGITS),
    )


def _plain_model(model: str) -> str:
    """Return a model's name with the path of its file, where it has one, in its shortest form."""
    path, ending, target = model.partition(".py:")
    return f"{PurePath(f'{path}.py').as_posix()}:{target}" if ending else model


def _fingerprint(report: Report) -> str:
    """Return a short text that differs where any figure of a report's device differs, its host or its stack."""
    figures = {name: value for name, value in asdict(report.device).items() if name not in _WORDS}
    if report.workload.stack:
        figures["stack"] = report.workload.stack
    return hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()[:12]


def _round_whole(value: float) -> float:
    return float(round(value)) if math.isfinite(value) else value


def _round_digits(value: float, digits: int = _DIGITS) -> float:
    return float(f"{value:.{digits}g}")
