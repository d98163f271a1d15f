"""Predicts measured rows: equal workloads once, for all devices they were measured on, in processes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import MemprofError
from memprof.report.record import Report
from memprof.validation.measurements import device_name, read_measurements, unknown_columns
from memprof.validation.processes import Failure, map_in_processes
from memprof.validation.protocol import stack_of
from memprof.validation.records import Case, Entry, Measurement, Prediction, Validation
from memprof.validation.tables import MeasurementError, Row, Table

_REASONS_SHOWN = 3

Progress = Callable[[int, int], None]
"""Told how many of how many workloads are done."""


@dataclass(frozen=True, slots=True)
class Task:
    """A workload to analyse once; `stack` as `memprof.tensors.stack` writes it."""

    model: str
    batch_size: int
    resolution: int
    phase: str
    precision: str
    layout: str
    stack: str = ""
    host: str = DEFAULT_HOST


@dataclass(frozen=True, slots=True)
class _Order:
    """A task with the devices that its workload was measured on."""

    task: Task
    devices: tuple[str, ...]


Answers = Mapping[tuple[Task, str], Prediction | Failure]


def validate(table: Table, *, jobs: int = 1, progress: Progress | None = None) -> Validation:
    """Predict every row of a table of throughputs that can be predicted, in up to `jobs` processes.

    The result is the same for any number of jobs. MeasurementError where nothing can be predicted.
    """
    entries = read_measurements(table)
    orders = plan(entry.measurement for entry in entries if entry.measurement is not None)
    answers: dict[tuple[Task, str], Prediction | Failure] = {}
    for done, (index, answer) in enumerate(map_in_processes(analyse, orders, jobs), 1):
        order = orders[index]
        for place, device in enumerate(order.devices):
            answers[order.task, device] = answer if isinstance(answer, Failure) else answer[place]
        if progress is not None:
            progress(done, len(orders))
    notes = (*_notes(table), *_host_notes(entries))
    validation = Validation(table, tuple(_case(table, entry, answers) for entry in entries), notes)
    if not validation.predicted:
        raise _empty_error(table, [(case.row, case.skipped_because) for case in validation.cases])
    return validation


def plan(measurements: Iterable[Measurement]) -> list[_Order]:
    """Return what to analyse for these measurements, each workload once."""
    wanted: dict[Task, dict[str, None]] = defaultdict(dict)
    for measurement in measurements:
        for layout in measurement.layouts:
            wanted[task_of(measurement, layout)][measurement.device] = None
    return [_Order(task, tuple(devices)) for task, devices in wanted.items()]


def analyse(order: _Order) -> tuple[Prediction, ...] | Failure:
    """Analyse a workload and predict it on each of its devices; runs in a process of its own."""
    from memprof.analysis.simulated import analyze_on

    task = order.task
    try:
        reports = analyze_on(
            task.model,
            order.devices,
            batch_size=task.batch_size,
            resolution=task.resolution,
            phase=task.phase,
            precision=task.precision,
            layout=task.layout,
            host=task.host,
            stack=task.stack,
        )
    except MemprofError as error:
        return Failure(error.what)
    return tuple(_prediction(report) for report in reports)


def _prediction(report: Report) -> Prediction:
    seconds: dict[str, float] = defaultdict(float)
    for row in report.operators:
        seconds[row.bound] += row.seconds
    bound = max(seconds, key=lambda name: seconds[name], default="")
    totals = report.totals
    return Prediction(totals.images_per_second, totals.roofline_images_per_second, bound, report.workload.layout)


def task_of(measurement: Measurement, layout: str) -> Task:
    """Return the workload of a measurement in one layout."""
    return Task(
        measurement.model,
        measurement.batch_size,
        measurement.resolution,
        measurement.phase,
        measurement.precision,
        layout,
        stack_of(measurement.source, measurement.stack, measurement.phase).text,
        measurement.host,
    )


def _case(table: Table, entry: Entry, answers: Answers) -> Case:
    measurement, row = entry.measurement, entry.row
    case = Case(
        row,
        source=table.cell(row, "source", table.name),
        device=device_name(table.cell(row, "device")),
        stack=table.cell(row, "stack"),
        layout=table.cell(row, "layout"),
        phase=table.cell(row, "phase"),
        model=table.cell(row, "model"),
        measurement=measurement,
        skipped_because=entry.reason,
    )
    if measurement is None:
        return case
    case = replace(case, phase=measurement.phase)
    answer = _fastest([answers[task_of(measurement, layout), measurement.device] for layout in measurement.layouts])
    if isinstance(answer, Failure):
        return replace(case, skipped_because=answer.reason)
    return replace(case, prediction=answer)


def _fastest(predictions: Sequence[Prediction | Failure]) -> Prediction | Failure:
    """Return the fastest; where one layout fails, which one is fastest is not known."""
    best: Prediction | None = None
    for item in predictions:
        if isinstance(item, Failure):
            return item
        if item.images_per_second <= 0:
            return Failure("the model does nothing that takes time")
        if best is None or item.images_per_second > best.images_per_second:
            best = item
    return best or Failure("no layout")


def _notes(table: Table) -> tuple[str, ...]:
    extra = unknown_columns(table)
    return (f"Columns that memprof does not read: {', '.join(extra)}.",) if extra else ()


def _host_notes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Say what is taken to have launched the kernels, where it is not the default host for all rows."""
    rows = Counter(entry.measurement.host for entry in entries if entry.measurement is not None)
    if set(rows) <= {DEFAULT_HOST}:
        return ()
    return (f"Hosts assumed: {', '.join(f'{name} ({count} rows)' for name, count in rows.most_common())}.",)


def _empty_error(table: Table, skipped: Sequence[tuple[Row, str]]) -> MeasurementError:
    if not skipped:
        return MeasurementError(f"{table.name} holds no measurement", "add a line for each")
    reasons = "; ".join(f"line {row.line}: {reason}" for row, reason in skipped[:_REASONS_SHOWN])
    more = f"; and {len(skipped) - _REASONS_SHOWN} more" if len(skipped) > _REASONS_SHOWN else ""
    return MeasurementError(f"nothing in {table.name} can be predicted: {reasons}{more}", "correct these lines")
