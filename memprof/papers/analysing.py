"""Predicts what a paper measured: every workload once, whichever tables it is in, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from memprof.errors import MemprofError
from memprof.papers import complexity
from memprof.papers.complexity import Complexity
from memprof.papers.records import Condition, Paper, Row
from memprof.validation.processes import Failure, map_in_processes
from memprof.vocabulary import CHANNELS_LAST, INFER, LAYOUTS, PHASES

Progress = Callable[[int, int], None]
"""Told how many of how many tasks are done."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A step to predict; `resolution` as "224" or "512x2048"."""

    model: str
    resolution: str
    batch_size: int
    phase: str
    layout: str
    device: str
    precision: str
    stack: str


@dataclass(frozen=True, slots=True)
class Predicted:
    """What is predicted for a workload; `relative_error` is how far the time is typically off, None where unknown."""

    parameters: int
    macs_per_image: float
    layout: str
    seconds: float
    images_per_second: float
    relative_error: float | None


Answers = Mapping[Workload, Predicted | Failure]


@dataclass(frozen=True, slots=True)
class Analysed:
    """What was predicted and counted for a paper."""

    answers: Answers
    complexity: tuple[Complexity, ...]


def analyse_paper(paper: Paper, *, jobs: int, progress: Progress | None = None) -> Analysed:
    """Predict all that a paper published a figure for, in up to `jobs` processes; the same for any number of them.

    MemprofError where its convolutions cannot be counted.
    """
    by_model: dict[str, dict[Workload, None]] = {}
    for row in rows_of(paper):
        for workload in wanted(paper, row):
            by_model.setdefault(workload.model, {})[workload] = None
    batches = sorted(map(tuple, by_model.values()), key=len, reverse=True)
    tasks: list[Callable[[], Any]] = [partial(analyse, batch) for batch in batches] + [complexity.count_all]
    answers: dict[Workload, Predicted | Failure] = {}
    counted: tuple[Complexity, ...] = ()
    for done, (index, answer) in enumerate(map_in_processes(_run, tasks, jobs), 1):
        if index < len(batches):
            each = [answer] * len(batches[index]) if isinstance(answer, Failure) else answer
            answers.update(zip(batches[index], each, strict=True))
        elif isinstance(answer, Failure):
            raise MemprofError(f"convolutions cannot be counted: {answer.reason}")
        else:
            counted = answer
        if progress is not None:
            progress(done, len(tasks))
    return Analysed(answers, counted)


def _run(task: Callable[[], Any]) -> Any:
    return task()


def rows_of(paper: Paper) -> Iterator[Row]:
    """Yield the rows of all tables."""
    for table in paper.tables:
        yield from table.rows


def wanted(paper: Paper, row: Row) -> tuple[Workload, ...]:
    """Return what to predict for a row: a step for each published throughput, and one that tells its size."""
    if not row.model:
        return ()
    rates = [
        item
        for condition in paper.conditions
        for phase in PHASES
        if row.rate(condition.name, phase) is not None
        for item in workloads_of(row, condition, phase)
    ]
    return (*rates, sized(paper, row))


def workloads_of(row: Row, condition: Condition, phase: str) -> tuple[Workload, ...]:
    """Return the steps that tell a throughput: one in each layout, of which the faster counts."""
    layouts = (condition.layout,) if condition.layout else LAYOUTS
    return tuple(
        Workload(
            row.model,
            condition.resolution or row.resolution,
            condition.batch_size,
            phase,
            layout,
            condition.device,
            condition.precision,
            condition.stack,
        )
        for layout in layouts
    )


def sized(paper: Paper, row: Row) -> Workload:
    """Return a step that tells the size of a row's network and its MACs: one that is predicted anyway, if there is."""
    for condition in paper.conditions:
        if row.rate(condition.name, INFER) is not None and condition.resolution in ("", row.resolution):
            return workloads_of(row, condition, INFER)[-1]
    first = paper.conditions[0]
    return Workload(row.model, row.resolution, 1, INFER, CHANNELS_LAST, first.device, first.precision, first.stack)


def analyse(workloads: tuple[Workload, ...]) -> tuple[Predicted | Failure, ...]:
    """Analyse the workloads of one model; runs in a process of its own."""
    from memprof.analysis.asking import read_resolution
    from memprof.analysis.steps import Step, Steps

    try:
        steps = Steps(workloads[0].model)
    except MemprofError as error:
        return (Failure(error.what),) * len(workloads)

    def predicted(item: Workload) -> Predicted | Failure:
        size = read_resolution(item.resolution)
        step = Step(item.device, item.precision, item.batch_size, size, item.phase, item.layout, item.stack)
        try:
            totals = steps.totals(step)
        except MemprofError as error:
            return Failure(error.what)
        return Predicted(
            totals.parameters,
            totals.macs_per_image,
            item.layout,
            totals.seconds,
            totals.images_per_second,
            totals.relative_error,
        )

    return tuple(map(predicted, workloads))
